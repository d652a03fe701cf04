package app.avalo.gateway.config.bind;

import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Admits regular expressions that a backtracking matcher runs over a whole path in linear time.
 *
 * <p>Idea: backtracking multiplies only where one stretch of the path can be shared out between two
 * repetitions. So between two slashes of the expression at most one part may repeat, that part
 * cannot match a slash, and groups do not repeat. The last repetition may also cross slashes. This
 * refuses some harmless expressions; the message says which construct to avoid.
 */
final class LinearRegex {
  private static final int LENGTH = 256;
  private static final int OPTIONALS = 6;
  private static final int DEPTH = 10;
  private static final String SAFE_ESCAPES = "dDwWsS";

  private final String regex;
  private int at;
  private int optionals;

  /** Whether something has repeated since the last slash that must be matched. */
  private boolean repeated;

  /** Whether a repetition may have crossed slashes: then nothing further may repeat. */
  private boolean crossed;

  private LinearRegex(String regex) {
    this.regex = regex;
  }

  /** What is wrong with the expression, or null. */
  static @Nullable String problem(String regex) {
    if (regex.length() > LENGTH) {
      return "more than " + LENGTH + " characters";
    }
    try {
      Pattern.compile(regex);
      new LinearRegex(regex).alternatives(0);
      return null;
    } catch (PatternSyntaxException broken) {
      String what = broken.getDescription();
      return "broken syntax: " + what.substring(0, 1).toLowerCase(Locale.ROOT) + what.substring(1);
    } catch (Costly costly) {
      return costly.getMessage();
    }
  }

  private void alternatives(int depth) {
    if (depth > DEPTH) {
      throw new Costly("groups nested deeper than " + DEPTH);
    }
    boolean repeatedBefore = repeated;
    boolean crossedBefore = crossed;
    boolean repeatedIn = false;
    boolean crossedIn = false;
    while (true) {
      sequence(depth);
      repeatedIn |= repeated;
      crossedIn |= crossed;
      if (at >= regex.length() || regex.charAt(at) == ')') {
        break;
      }
      at++;
      repeated = repeatedBefore;
      crossed = crossedBefore;
    }
    repeated = repeatedIn;
    crossed = crossedIn;
  }

  private void sequence(int depth) {
    while (at < regex.length() && regex.charAt(at) != '|' && regex.charAt(at) != ')') {
      if (regex.charAt(at) == '(') {
        group(depth);
        continue;
      }
      int start = at;
      skipAtom();
      String atom = regex.substring(start, at);
      int end = at;
      if (quantifier(false)) {
        repetition(Pattern.compile(atom).matcher("/").matches());
      } else if (at == end && atom.equals("/")) {
        repeated = false;
      }
    }
  }

  private void repetition(boolean crosses) {
    if (crossed || repeated) {
      throw new Costly("two repetitions that can share one stretch of the path");
    }
    repeated = true;
    crossed = crosses;
  }

  private void group(int depth) {
    at++;
    if (regex.startsWith("?", at)) {
      boolean named = regex.startsWith("?<", at) && !regex.startsWith("?<=", at);
      if (regex.startsWith("?:", at)) {
        at += 2;
      } else if (named && !regex.startsWith("?<!", at)) {
        at = regex.indexOf('>', at) + 1;
      } else {
        throw new Costly("look-around or flags");
      }
    }
    boolean repeatedBefore = repeated;
    alternatives(depth + 1);
    at++;
    int mark = optionals;
    quantifier(true);
    // A slash inside an optional group need not be there, so it separates nothing.
    repeated |= optionals > mark && repeatedBefore;
  }

  private void skipAtom() {
    char c = regex.charAt(at++);
    if (c == '[') {
      skipClass();
    } else if (c == '\\') {
      char escaped = regex.charAt(at++);
      boolean letter = Character.isLetterOrDigit(escaped);
      if (letter && SAFE_ESCAPES.indexOf(escaped) < 0) {
        throw new Costly("the escape \\" + escaped);
      }
    }
  }

  private void skipClass() {
    int depth = 1;
    while (depth > 0) {
      char c = regex.charAt(at++);
      if (c == '\\') {
        at++;
      } else if (c == '[') {
        depth++;
      } else if (c == ']') {
        depth--;
      }
    }
  }

  /** Reads what may follow an atom; whether it repeats. */
  private boolean quantifier(boolean ofGroup) {
    if (at >= regex.length()) {
      return false;
    }
    char c = regex.charAt(at);
    boolean repeats = c == '*' || c == '+';
    if (c == '?') {
      at++;
      if (++optionals > OPTIONALS) {
        throw new Costly("more than " + OPTIONALS + " optional parts");
      }
    } else if (repeats) {
      at++;
    } else if (c == '{') {
      int close = regex.indexOf('}', at);
      // A fixed count leaves nothing to try again; a range does.
      repeats = regex.substring(at, close).indexOf(',') >= 0;
      at = close + 1;
      if (ofGroup) {
        throw new Costly("a repeated group");
      }
    } else {
      return false;
    }
    if (repeats && ofGroup) {
      throw new Costly("a repeated group");
    }
    if (at < regex.length() && (regex.charAt(at) == '?' || regex.charAt(at) == '+')) {
      at++;
    }
    return repeats;
  }

  /** An expression that could cost more than linear time. */
  private static final class Costly extends RuntimeException {
    private static final long serialVersionUID = 1;

    Costly(String what) {
      super(what, null, false, false);
    }
  }
}
