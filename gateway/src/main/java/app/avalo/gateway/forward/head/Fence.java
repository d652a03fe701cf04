package app.avalo.gateway.forward.head;

import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.upstream.Fields;
import io.netty.util.AsciiString;
import java.util.Map;

/**
 * What a service's fence says when it refuses a request (409): the highest epoch that it has seen
 * of the user.
 */
public final class Fence {
  private static final AsciiString CURRENT = AsciiString.cached("x-pin-current");
  private static final int MOST_DIGITS = 19;

  private Fence() {}

  /** Tells the pin, if the answer names an epoch. */
  public static void heard(Fields fields, Pinned pin) {
    for (Map.Entry<CharSequence, CharSequence> field : fields) {
      if (CURRENT.contentEqualsIgnoreCase(field.getKey())) {
        long epoch = number(field.getValue());
        if (epoch > 0) {
          pin.refused(epoch);
        }
        return;
      }
    }
  }

  /** The digits as a number, or -1. */
  private static long number(CharSequence text) {
    if (text.length() == 0 || text.length() > MOST_DIGITS) {
      return -1;
    }
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = number * 10 + digit;
    }
    return number;
  }
}
