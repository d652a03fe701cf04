package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.Rewrite;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What may be written as a path condition and as a path rewrite. A problem is text for the operator
 * without the value itself; null means there is none.
 */
public final class PathSyntax {
  /** Longest regular expression in characters. */
  static final int REGEX_LENGTH = 512;

  /**
   * Largest regular expression in RE2 instructions: the cost of a match is at most this times the
   * length of the path.
   */
  static final int REGEX_SIZE = 1000;

  private PathSyntax() {}

  /** What is wrong with an exact path or a prefix: it has to be in normal form. */
  public static @Nullable String literalProblem(String path) {
    if (!path.startsWith("/")) {
      return "expected a path that starts with '/'";
    }
    String normal = PathNormalizer.normalize(path);
    if (normal == null) {
      return "expected a path without control characters, spaces, '\\', '%2F' or '..' above the root";
    }
    return normal.equals(path) ? null : "expected the normal form " + normal;
  }

  /**
   * What is wrong with a template: {@code /users/{id}/posts}, where a placeholder is a whole
   * segment, or {@code /files/{rest...}}, where the last one takes the remainder.
   */
  public static @Nullable String templateProblem(String template) {
    if (!template.startsWith("/")) {
      return "expected a path that starts with '/'";
    }
    Set<String> seen = new LinkedHashSet<>();
    int start = 1;
    while (start <= template.length()) {
      int end = segmentEnd(template, start);
      String segment = template.substring(start, end);
      if (isPlaceholder(segment)) {
        String name = name(segment);
        if (!isName(name)) {
          return segment + " (expected {name} with a letter, then letters, digits or '_')";
        }
        if (!seen.add(name)) {
          return segment + " (expected each name once)";
        }
        if (isRest(segment) && end < template.length()) {
          return segment + " (expected as the last segment)";
        }
      } else if (segment.indexOf('{') >= 0 || segment.indexOf('}') >= 0) {
        return segment + " (expected a placeholder to be a whole segment)";
      }
      start = end + 1;
    }
    return literalProblem(withoutPlaceholders(template));
  }

  /** What is wrong with a regular expression: RE2 syntax, bounded in length and size. */
  public static @Nullable String regexProblem(String regex) {
    if (regex.length() > REGEX_LENGTH) {
      return "expected at most " + REGEX_LENGTH + " characters";
    }
    try {
      int size = Pattern.compile(regex).programSize();
      return size <= REGEX_SIZE
          ? null
          : "expected a smaller expression (at most "
              + REGEX_SIZE
              + " RE2 instructions, this has "
              + size
              + ")";
    } catch (PatternSyntaxException e) {
      return "expected RE2 syntax: " + e.getDescription();
    }
  }

  /** What is wrong with the condition, whichever its kind. */
  public static @Nullable String matchProblem(PathMatch match) {
    return switch (match.kind()) {
      case EXACT, PREFIX -> literalProblem(match.value());
      case TEMPLATE -> templateProblem(match.value());
      case REGEX -> regexProblem(match.value());
    };
  }

  /** What is wrong with a rewrite for paths that a valid condition matched. */
  public static @Nullable String rewriteProblem(PathMatch match, Rewrite rewrite) {
    String prefix = rewrite.prefix();
    String path = rewrite.path();
    if (prefix != null && path != null) {
      return "expected prefix or path, not both";
    }
    if (prefix != null) {
      return hasPrefix(match)
          ? literalProblem(prefix)
          : "prefix (expected only where a prefix, an exact path or a template that ends in"
              + " {name...} matches)";
    }
    if (path == null) {
      return null;
    }
    String problem = templateProblem(path);
    if (problem != null) {
      return problem;
    }
    Set<String> known =
        match.kind() == PathMatch.Kind.TEMPLATE ? variables(match.value()) : Set.of();
    for (String name : variables(path)) {
      if (!known.contains(name)) {
        return "{" + name + "} (expected " + (known.isEmpty() ? "no placeholder" : known) + ")";
      }
    }
    return null;
  }

  /** The names in a valid template, in order. */
  public static Set<String> variables(String template) {
    Set<String> names = new LinkedHashSet<>();
    int start = 1;
    while (start <= template.length()) {
      int end = segmentEnd(template, start);
      String segment = template.substring(start, end);
      if (isPlaceholder(segment)) {
        names.add(name(segment));
      }
      start = end + 1;
    }
    return names;
  }

  static boolean hasPrefix(PathMatch match) {
    return switch (match.kind()) {
      case EXACT, PREFIX -> true;
      case TEMPLATE -> match.value().endsWith("...}");
      case REGEX -> false;
    };
  }

  static boolean isPlaceholder(String segment) {
    return segment.startsWith("{") && segment.endsWith("}");
  }

  static boolean isRest(String segment) {
    return isPlaceholder(segment) && segment.endsWith("...}");
  }

  static String name(String placeholder) {
    return placeholder.substring(1, placeholder.length() - (isRest(placeholder) ? 4 : 1));
  }

  /** The end of the segment that starts at {@code start}. */
  static int segmentEnd(String path, int start) {
    int slash = path.indexOf('/', start);
    return slash < 0 ? path.length() : slash;
  }

  private static boolean isName(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
      if (!letter && (i == 0 || c != '_' && (c < '0' || c > '9'))) {
        return false;
      }
    }
    return !name.isEmpty();
  }

  /** The template with a plain segment in each placeholder's place. */
  private static String withoutPlaceholders(String template) {
    StringBuilder plain = new StringBuilder();
    int start = 1;
    while (start <= template.length()) {
      int end = segmentEnd(template, start);
      String segment = template.substring(start, end);
      plain.append('/').append(isPlaceholder(segment) ? "x" : segment);
      start = end + 1;
    }
    return plain.toString();
  }
}
