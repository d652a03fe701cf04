package app.avalo.gateway.filter.budget.journal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Lines of a ledger as bytes: a checksum of eight hexadecimal digits, a blank, fields between tabs,
 * a line feed. Written in one pass and without garbage, because event loops do it. One thread at a
 * time.
 */
final class Text {
  static final int CHECKSUM = 8;

  private static final int FIRST_BYTES = 256;
  private static final int MOST_KEPT = 1 << 20;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private final CRC32C crc = new CRC32C();
  private byte[] bytes = new byte[FIRST_BYTES];
  private int length;

  /** Of an entry's fields and its place. */
  void line(Entry entry, char letter, long sequence) {
    int start = length;
    length += CHECKSUM + 1;
    put((byte) letter);
    field(entry.id());
    field(entry.budget());
    field(entry.term());
    field(entry.subject());
    number(entry.micros());
    number(sequence);
    int payload = start + CHECKSUM + 1;
    crc.reset();
    crc.update(bytes, payload, length - payload);
    int sum = (int) crc.getValue();
    for (int i = payload - 2; i >= start; i--, sum >>>= 4) {
      bytes[i] = HEX[sum & 15];
    }
    bytes[payload - 1] = ' ';
    put((byte) '\n');
  }

  private void put(byte one) {
    if (length >= bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * length);
    }
    bytes[length++] = one;
  }

  /** Control characters would end a field or a line; they are written as {@code %hh}. */
  private void field(String text) {
    put((byte) '\t');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c == '%' || c == 0x7f) {
        put((byte) '%');
        put(HEX[c >> 4]);
        put(HEX[c & 15]);
      } else if (c < 0x80) {
        put((byte) c);
      } else {
        int point = text.codePointAt(i);
        i += Character.charCount(point) - 1;
        for (byte each : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
          put(each);
        }
      }
    }
  }

  private void number(long value) {
    put((byte) '\t');
    if (value < 0) {
      for (byte each : Long.toString(value).getBytes(StandardCharsets.US_ASCII)) {
        put(each);
      }
      return;
    }
    long scale = 1;
    while (value / scale >= 10) {
      scale *= 10;
    }
    for (; scale > 0; scale /= 10) {
      put((byte) ('0' + value / scale % 10));
    }
  }

  byte[] bytes() {
    return bytes;
  }

  /** Bytes in use. */
  int length() {
    return length;
  }

  void clear() {
    length = 0;
    if (bytes.length > MOST_KEPT) {
      bytes = new byte[FIRST_BYTES];
    }
  }

  @Override
  public String toString() {
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
