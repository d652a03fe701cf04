package app.avalo.gateway.filter.pin.store;

import app.avalo.gateway.filter.pin.store.Binding.Cause;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Bindings and keys as they stand in Redis; golden in the tests. */
final class PinValue {
  private static final Cause[] CAUSES = Cause.values();

  private PinValue() {}

  /** {@code counter|region|home|sinceMillis|CAUSE}. */
  static String write(Binding binding) {
    return binding.counter()
        + "|"
        + binding.region()
        + "|"
        + binding.home()
        + "|"
        + Math.max(0, binding.sinceMillis())
        + "|"
        + binding.cause().name();
  }

  /** The binding, or null for anything that {@link #write} could not have written. */
  static @Nullable Binding read(String value) {
    if (value.length() > 80) {
      return null;
    }
    long[] numbers = new long[4];
    int at = 0;
    for (int field = 0; field < 4; field++) {
      int bar = value.indexOf('|', at);
      numbers[field] = number(value, at, bar);
      if (numbers[field] < 0) {
        return null;
      }
      at = bar + 1;
    }
    Cause cause = cause(value.substring(at));
    boolean inRange =
        numbers[0] >= 1
            && numbers[0] <= Epoch.MAX_COUNTER
            && numbers[1] <= Epoch.MAX_REGION
            && numbers[2] <= Epoch.MAX_REGION;
    return cause == null || !inRange
        ? null
        : new Binding(Epoch.of(numbers[0], (int) numbers[1]), (int) numbers[2], numbers[3], cause);
  }

  /** The key behind {@code group:hex}, or null. */
  static @Nullable PinKey key(String text) {
    int colon = text.length() - 33;
    if (colon < 1 || text.charAt(colon) != ':') {
      return null;
    }
    for (int i = colon + 1; i < text.length(); i++) {
      if (!HexFormat.isHexDigit(text.charAt(i))) {
        return null;
      }
    }
    return new PinKey(
        text.substring(0, colon),
        HexFormat.fromHexDigitsToLong(text, colon + 1, colon + 17),
        HexFormat.fromHexDigitsToLong(text, colon + 17, colon + 33));
  }

  /** The digits between the bounds as a number, or -1. */
  private static long number(String text, int from, int to) {
    if (to <= from || to - from > 15) {
      return -1;
    }
    long number = 0;
    for (int i = from; i < to; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = number * 10 + digit;
    }
    return number;
  }

  private static @Nullable Cause cause(String name) {
    for (Cause cause : CAUSES) {
      if (cause.name().equals(name)) {
        return cause;
      }
    }
    return null;
  }
}
