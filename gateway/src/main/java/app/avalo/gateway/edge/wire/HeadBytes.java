package app.avalo.gateway.edge.wire;

import io.netty.buffer.ByteBuf;

/**
 * Looks at the raw bytes of a head before they are parsed. Lines end in CR LF and in nothing else,
 * none continues the one before (obs-fold, RFC 9112, 5.2), and no control character but the tab is
 * anywhere. Eight bytes at a time, since nearly all of them are harmless.
 */
final class HeadBytes {
  private static final long LOW_BITS = 0x7f7f_7f7f_7f7f_7f7fL;
  private static final long HIGH_BIT = 0x8080_8080_8080_8080L;

  /** Carries into the high bit what is a space or more. */
  private static final long FROM_SPACE = 0x6060_6060_6060_6060L;

  private static final int DELETE = 0x7f;

  private HeadBytes() {}

  /**
   * Whether what is there of a head can be read in one way only. Begins at the start of a line; a
   * last line that is not complete is looked at again with its rest.
   */
  static boolean isClean(ByteBuf in) {
    int at = in.readerIndex();
    int end = in.writerIndex();
    int line = at;
    if (at < end && isBlank(in.getByte(at))) {
      return false;
    }
    while (true) {
      at = control(in, at, end);
      if (at >= end) {
        return true;
      }
      byte control = in.getByte(at);
      if (control == '\t') {
        at++;
        continue;
      }
      if (control != '\r') {
        return false;
      }
      if (at + 1 == end) {
        return true;
      }
      if (in.getByte(at + 1) != '\n') {
        return false;
      }
      if (at == line) {
        return true; // the empty line; what follows is no head
      }
      at += 2;
      line = at;
      if (at < end && isBlank(in.getByte(at))) {
        return false;
      }
    }
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t';
  }

  /** Where the next control character is, or {@code end}. */
  private static int control(ByteBuf in, int from, int end) {
    int at = from;
    while (end - at >= Long.BYTES) {
      long controls = controls(in.getLong(at));
      if (controls != 0) {
        return at + (Long.numberOfLeadingZeros(controls) >>> 3);
      }
      at += Long.BYTES;
    }
    while (at < end) {
      int b = in.getByte(at) & 0xff;
      if (b < ' ' || b == DELETE) {
        break;
      }
      at++;
    }
    return at;
  }

  /** The high bit of every byte that is below a space or DEL; without carries between bytes. */
  private static long controls(long bytes) {
    long fromSpace = (bytes & LOW_BITS) + FROM_SPACE | bytes;
    long others = bytes ^ LOW_BITS;
    long notDelete = (others & LOW_BITS) + LOW_BITS | others;
    return ~(fromSpace & notDelete) & HIGH_BIT;
  }
}
