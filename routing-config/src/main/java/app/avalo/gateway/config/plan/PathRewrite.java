package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.Rewrite;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The path an upstream sees, made from the path a client sent. Compiled and immutable; its result
 * is in normal form when the given path is.
 */
public sealed interface PathRewrite {
  /**
   * The new path.
   *
   * @param path normalised, and matched by the condition this was compiled for
   */
  String apply(String path);

  /** The compiled rewrite of a valid route, or null when it leaves the path as it is. */
  static @Nullable PathRewrite compile(Rewrite rewrite, PathMatch match) {
    if (rewrite.path() != null) {
      return Filled.of(rewrite.path(), match);
    }
    String prefix = rewrite.prefix();
    if (prefix == null || !PathSyntax.hasPrefix(match)) {
      return null;
    }
    if (match.kind() == PathMatch.Kind.EXACT) {
      return new Filled(List.of(new Part(prefix.substring(1), Part.LITERAL, false)));
    }
    String matched = match.value();
    boolean noLastSegment = match.kind() == PathMatch.Kind.TEMPLATE || matched.endsWith("/");
    int segments = (int) matched.chars().filter(c -> c == '/').count() - (noLastSegment ? 1 : 0);
    return new Moved(
        segments, prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix);
  }

  /** Where the slash after {@code segments} segments is, or the length of the path. */
  private static int after(String path, int segments) {
    int at = 0;
    for (int i = 0; i < segments && at < path.length(); i++) {
      at = PathSyntax.segmentEnd(path, at + 1);
    }
    return at;
  }

  /**
   * A prefix replaced; the remainder stays.
   *
   * @param segments how many are replaced
   * @param prefix what stands there instead, without a slash at its end
   */
  record Moved(int segments, String prefix) implements PathRewrite {
    @Override
    public String apply(String path) {
      int at = after(path, segments);
      if (at == path.length()) {
        return prefix.isEmpty() ? "/" : prefix;
      }
      return prefix.concat(at == 0 ? path : path.substring(at));
    }
  }

  /**
   * A whole new path with the values of placeholders in it.
   *
   * @param parts its segments
   */
  record Filled(List<Part> parts) implements PathRewrite {
    static Filled of(String path, PathMatch match) {
      List<String> from = List.of(match.value().substring(1).split("/", -1));
      List<Part> parts = new ArrayList<>();
      for (String segment : path.substring(1).split("/", -1)) {
        if (PathSyntax.isPlaceholder(segment)) {
          String name = PathSyntax.name(segment);
          int rest = from.indexOf("{" + name + "...}");
          int at = rest >= 0 ? rest : from.indexOf("{" + name + "}");
          parts.add(new Part(segment, at, rest >= 0));
        } else {
          parts.add(new Part(segment, Part.LITERAL, false));
        }
      }
      return new Filled(List.copyOf(parts));
    }

    @Override
    public String apply(String path) {
      StringBuilder filled = new StringBuilder(path.length() + 32);
      for (Part part : parts) {
        // An empty rest, or one that ends in a slash, must not make two slashes.
        if (filled.length() == 0 || filled.charAt(filled.length() - 1) != '/') {
          filled.append('/');
        }
        if (part.segment < 0) {
          filled.append(part.text);
        } else {
          int start = Math.min(after(path, part.segment) + 1, path.length());
          int end = part.rest ? path.length() : PathSyntax.segmentEnd(path, start);
          filled.append(path, start, end);
        }
      }
      return filled.toString();
    }
  }

  /**
   * A segment of a new path.
   *
   * @param text of it
   * @param segment position in the old path whose text it takes, or {@link #LITERAL}
   * @param rest whether it takes everything from there
   */
  record Part(String text, int segment, boolean rest) {
    static final int LITERAL = -1;
  }
}
