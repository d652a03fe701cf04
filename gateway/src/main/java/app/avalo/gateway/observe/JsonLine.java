package app.avalo.gateway.observe;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One line of JSON, written into a byte array that is used again and again. Every text is cut at a
 * bound and escaped, so that the line stays one line and has a greatest length whatever a client
 * sent. One thread.
 */
final class JsonLine {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final int REPLACEMENT = 0xfffd;

  private final byte[] bytes;
  private int length;

  JsonLine(int capacity) {
    bytes = new byte[capacity];
  }

  JsonLine begin() {
    length = 0;
    put('{');
    return this;
  }

  /** Ends the line with a line feed. */
  void end() {
    put('}');
    put('\n');
  }

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  /** A text field, left out when null; longer values end in three dots. */
  JsonLine text(String name, @Nullable String value, int most) {
    if (value != null) {
      name(name);
      put('"');
      int end = Math.min(value.length(), most);
      for (int i = 0; i < end; i++) {
        i += escape(value, i, end);
      }
      if (end < value.length()) {
        ascii("...");
      }
      put('"');
    }
    return this;
  }

  JsonLine number(String name, long value) {
    name(name);
    digits(value);
    return this;
  }

  /** Milliseconds with three decimals. */
  JsonLine millis(String name, long nanos) {
    name(name);
    long micros = Math.max(0, nanos) / 1000;
    digits(micros / 1000);
    put('.');
    padded((int) (micros % 1000), 3);
    return this;
  }

  /** A point in time as ISO 8601 in UTC with milliseconds. */
  JsonLine time(String name, long epochMillis) {
    name(name);
    put('"');
    long days = Math.floorDiv(epochMillis, 86_400_000L);
    int millis = (int) Math.floorMod(epochMillis, 86_400_000L);
    date(days);
    put('T');
    padded(millis / 3_600_000, 2);
    put(':');
    padded(millis / 60_000 % 60, 2);
    put(':');
    padded(millis / 1000 % 60, 2);
    put('.');
    padded(millis % 1000, 3);
    put('Z');
    put('"');
    return this;
  }

  /** Civil date of a day since 1970, by eras of 400 years that begin on 1 March. */
  private void date(long days) {
    long shifted = days + 719_468;
    long era = Math.floorDiv(shifted, 146_097L);
    int day = (int) (shifted - era * 146_097);
    int year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    int ofYear = day - (365 * year + year / 4 - year / 100);
    int month = (5 * ofYear + 2) / 153;
    padded((int) (era * 400 + year + (month >= 10 ? 1 : 0)), 4);
    put('-');
    padded(month < 10 ? month + 3 : month - 9, 2);
    put('-');
    padded(ofYear - (153 * month + 2) / 5 + 1, 2);
  }

  private void name(String name) {
    if (length > 1) {
      put(',');
    }
    put('"');
    ascii(name);
    put('"');
    put(':');
  }

  /** Writes the character at {@code i}; returns 1 if it took a second one, else 0. */
  private int escape(String text, int i, int end) {
    char c = text.charAt(i);
    if (c >= 0x20 && c < 0x7f) {
      if (c == '"' || c == '\\') {
        put('\\');
      }
      put(c);
    } else if (c < 0xa0) {
      unicode(c); // control characters, also those that a terminal would obey
    } else if (Character.isSurrogate(c)) {
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < end
              && Character.isLowSurrogate(text.charAt(i + 1));
      utf8(pair ? Character.toCodePoint(c, text.charAt(i + 1)) : REPLACEMENT);
      return pair ? 1 : 0;
    } else {
      utf8(c);
    }
    return 0;
  }

  private void unicode(char c) {
    ascii("\\u00");
    put(HEX[c >> 4 & 15]);
    put(HEX[c & 15]);
  }

  private void utf8(int c) {
    if (c < 0x800) {
      put(0xc0 | c >> 6);
    } else {
      if (c < 0x10000) {
        put(0xe0 | c >> 12);
      } else {
        put(0xf0 | c >> 18);
        put(0x80 | c >> 12 & 0x3f);
      }
      put(0x80 | c >> 6 & 0x3f);
    }
    put(0x80 | c & 0x3f);
  }

  @SuppressWarnings("deprecation") // the one copy without a coder; the text is ASCII
  private void ascii(String text) {
    text.getBytes(0, text.length(), bytes, length);
    length += text.length();
  }

  private void digits(long value) {
    if (value < 0) {
      put('-');
      if (value <= -10) {
        digits(-(value / 10)); // a tenth, because the least long has no opposite
      }
      put('0' - (int) (value % 10));
      return;
    }
    if (value >= 10) {
      digits(value / 10);
    }
    put('0' + (int) (value % 10));
  }

  private void padded(int value, int width) {
    int left = value;
    for (int i = width - 1; i >= 0; i--) {
      bytes[length + i] = (byte) ('0' + left % 10);
      left /= 10;
    }
    length += width;
  }

  private void put(int b) {
    bytes[length++] = (byte) b;
  }
}
