package app.avalo.gateway.forward.head;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Makes and checks W3C trace parents; one per event loop. */
public final class TraceIds {
  private static final char[] HEX = "0123456789abcdef".toCharArray();
  private static final int LENGTH = 55;

  private final SplittableRandom random = new SplittableRandom();
  private final char[] text =
      "00-00000000000000000000000000000000-0000000000000000-00".toCharArray();

  /** A new trace that nobody sampled yet. */
  String next() {
    hex(3, random.nextLong());
    hex(19, random.nextLong() | 1);
    hex(36, random.nextLong() | 1);
    return new String(text);
  }

  private void hex(int at, long value) {
    for (int i = 15; i >= 0; i--) {
      text[at + i] = HEX[(int) value & 15];
      value >>>= 4;
    }
  }

  /** Whether this is a version 00 trace parent with lower-case digits and ids that are not zero. */
  static boolean isValid(@Nullable String parent) {
    if (parent == null || parent.length() != LENGTH || !parent.startsWith("00-")) {
      return false;
    }
    return isId(parent, 3, 35)
        && parent.charAt(35) == '-'
        && isId(parent, 36, 52)
        && parent.charAt(52) == '-'
        && isHex(parent.charAt(53))
        && isHex(parent.charAt(54));
  }

  private static boolean isId(String text, int from, int to) {
    boolean zero = true;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (!isHex(c)) {
        return false;
      }
      zero &= c == '0';
    }
    return !zero;
  }

  private static boolean isHex(char c) {
    return c >= '0' && c <= '9' || c >= 'a' && c <= 'f';
  }
}
