package app.avalo.gateway.edge.proxy;

import app.avalo.gateway.config.unit.IpAddress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What a PROXY header says, version 1 or 2 (HAProxy's proxy-protocol.txt).
 *
 * @param kind whether there is one, and whether it names a client
 * @param source the client's address, or null unless it is {@link Kind#PROXIED}
 * @param port the client's port, or 0
 */
record ProxyHeader(Kind kind, @Nullable IpAddress source, int port) {
  /** What the first bytes of a connection are. */
  enum Kind {
    /** More bytes are needed; none was consumed. */
    INCOMPLETE,
    /** No PROXY header; none was consumed. */
    ABSENT,
    /** A header that breaks the rules. */
    MALFORMED,
    /** The hop speaks for itself, or for a client that it cannot name. */
    LOCAL,
    /** The hop speaks for the client at {@link #source}. */
    PROXIED
  }

  private static final byte[] V1 = "PROXY ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] V2 = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};
  private static final int V1_LONGEST = 107;
  private static final int V2_FIXED = 16;

  /** Addresses and TLVs; the protocol allows 64 KiB, real hops send less than 1 KiB. */
  private static final int V2_LONGEST = 4096;

  private static final int TCP4 = 0x11;
  private static final int TCP6 = 0x21;
  private static final int UNIX_STREAM = 0x31;
  private static final int UNSPECIFIED = 0;

  private static final ProxyHeader INCOMPLETE = new ProxyHeader(Kind.INCOMPLETE, null, 0);
  private static final ProxyHeader ABSENT = new ProxyHeader(Kind.ABSENT, null, 0);
  private static final ProxyHeader MALFORMED = new ProxyHeader(Kind.MALFORMED, null, 0);
  private static final ProxyHeader LOCAL = new ProxyHeader(Kind.LOCAL, null, 0);

  /** Reads it from the first bytes of a connection; consumes it only if it is good. */
  static ProxyHeader read(ByteBuf in) {
    if (startsLike(in, V1)) {
      return in.readableBytes() < V1.length ? INCOMPLETE : text(in);
    }
    if (startsLike(in, V2)) {
      return in.readableBytes() < V2_FIXED ? INCOMPLETE : binary(in);
    }
    return ABSENT;
  }

  private static boolean startsLike(ByteBuf in, byte[] signature) {
    int length = Math.min(in.readableBytes(), signature.length);
    for (int i = 0; i < length; i++) {
      if (in.getByte(in.readerIndex() + i) != signature[i]) {
        return false;
      }
    }
    return true;
  }

  private static ProxyHeader text(ByteBuf in) {
    int window = Math.min(in.readableBytes(), V1_LONGEST);
    int feed = ByteBufUtil.indexOf(in, in.readerIndex(), in.readerIndex() + window, (byte) '\n');
    if (feed < 0) {
      return window < V1_LONGEST ? INCOMPLETE : MALFORMED;
    }
    int length = feed - in.readerIndex() + 1;
    String line = in.toString(in.readerIndex(), length, StandardCharsets.ISO_8859_1);
    if (!line.endsWith("\r\n")) {
      return MALFORMED;
    }
    ProxyHeader read = words(line.substring(V1.length, length - 2).split(" ", -1));
    if (read.kind != Kind.MALFORMED) {
      in.skipBytes(length);
    }
    return read;
  }

  private static ProxyHeader words(String[] words) {
    if (words[0].equals("UNKNOWN")) {
      return LOCAL;
    }
    boolean v4 = words[0].equals("TCP4");
    if (words.length != 5 || !v4 && !words[0].equals("TCP6")) {
      return MALFORMED;
    }
    boolean good = isOf(v4, words[1]) && isOf(v4, words[2]);
    int port = port(words[3]);
    return good && port >= 0 && port(words[4]) >= 0
        ? new ProxyHeader(Kind.PROXIED, IpAddress.parse(words[1]), port)
        : MALFORMED;
  }

  private static boolean isOf(boolean v4, String address) {
    return address.indexOf(':') < 0 == v4 && IpAddress.parse(address) != null;
  }

  private static int port(String text) {
    int port = 0;
    for (int i = 0; i < text.length(); i++) {
      char digit = text.charAt(i);
      if (digit < '0' || digit > '9') {
        return -1;
      }
      port = port * 10 + digit - '0';
    }
    boolean leadingZero = text.length() > 1 && text.charAt(0) == '0';
    return text.isEmpty() || text.length() > 5 || leadingZero || port > 65_535 ? -1 : port;
  }

  private static ProxyHeader binary(ByteBuf in) {
    int start = in.readerIndex();
    int command = in.getUnsignedByte(start + 12);
    int family = in.getUnsignedByte(start + 13);
    int length = in.getUnsignedShort(start + 14);
    int addresses = addressBytes(family);
    boolean local = command == 0x20;
    if (!local && (command != 0x21 || addresses < 0 || addresses > length) || length > V2_LONGEST) {
      return MALFORMED;
    }
    if (in.readableBytes() < V2_FIXED + length) {
      return INCOMPLETE;
    }
    int end = start + V2_FIXED + length;
    // What follows LOCAL has no meaning and is skipped, whatever it is (2.2).
    if (!local && !areTlvs(in, start + V2_FIXED + addresses, end)) {
      return MALFORMED;
    }
    in.readerIndex(end);
    if (local || addresses == 0 || family == UNIX_STREAM) {
      return LOCAL;
    }
    byte[] source = new byte[family == TCP4 ? 4 : 16];
    in.getBytes(start + V2_FIXED, source);
    int port = in.getUnsignedShort(start + V2_FIXED + 2 * source.length);
    return new ProxyHeader(Kind.PROXIED, IpAddress.of(source), port);
  }

  /** How many bytes of addresses a family has; -1 for datagrams and what is not known. */
  private static int addressBytes(int family) {
    return switch (family) {
      case UNSPECIFIED -> 0;
      case TCP4 -> 12;
      case TCP6 -> 36;
      case UNIX_STREAM -> 216;
      default -> -1;
    };
  }

  /** Whether these bytes are whole TLVs: type, length in two bytes, value. */
  private static boolean areTlvs(ByteBuf in, int from, int end) {
    int at = from;
    while (at < end) {
      if (end - at < 3) {
        return false;
      }
      at += 3 + in.getUnsignedShort(at + 1);
    }
    return at == end;
  }
}
