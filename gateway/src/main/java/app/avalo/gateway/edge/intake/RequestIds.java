package app.avalo.gateway.edge.intake;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Request ids of one event loop: unique without a shared counter, short enough to read aloud. */
public final class RequestIds {
  private static final char[] DIGITS = "0123456789abcdefghjkmnpqrstvwxyz".toCharArray();
  private static final int LONGEST = 128;

  private final char[] text = new char[20];
  private long counter;

  public RequestIds() {
    SplittableRandom random = new SplittableRandom();
    write(0, 12, random.nextLong());
    counter = random.nextLong() & 0xffff_ffffL;
  }

  /** An id that no other call of this process has. */
  public String next() {
    write(12, 8, counter++);
    return new String(text);
  }

  private void write(int at, int length, long bits) {
    for (int i = length - 1; i >= 0; i--) {
      text[at + i] = DIGITS[(int) bits & 31];
      bits >>>= 5;
    }
  }

  /** Whether an id that somebody else made may be passed on and logged. */
  public static boolean isUsable(@Nullable String id) {
    if (id == null || id.isEmpty() || id.length() > LONGEST) {
      return false;
    }
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean usable =
          c >= 'a' && c <= 'z'
              || c >= 'A' && c <= 'Z'
              || c >= '0' && c <= '9'
              || c == '-'
              || c == '_'
              || c == '.'
              || c == ':';
      if (!usable) {
        return false;
      }
    }
    return true;
  }
}
