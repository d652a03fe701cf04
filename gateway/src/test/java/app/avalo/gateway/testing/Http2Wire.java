package app.avalo.gateway.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * An HTTP/2 client that sends exactly the frames it is told to, by prior knowledge. Fields go as
 * literals without an index, so that they may hold anything.
 */
public final class Http2Wire implements AutoCloseable {
  public static final int DATA = 0;
  public static final int HEADERS = 1;
  public static final int PRIORITY = 2;
  public static final int RST_STREAM = 3;
  public static final int SETTINGS = 4;
  public static final int PING = 6;
  public static final int GOAWAY = 7;
  public static final int WINDOW_UPDATE = 8;
  public static final int CONTINUATION = 9;
  public static final int END_STREAM = 1;
  public static final int END_HEADERS = 4;

  private static final int PRIORITY_FLAG = 0x20;
  private static final int PATIENCE_MILLIS = 10_000;
  private final Socket socket;

  /**
   * A frame from the other side.
   *
   * @param stream 0 for the connection
   */
  public record Frame(int type, int flags, int stream, byte[] payload) {
    /** The last four bytes as a number: the error of RST_STREAM. */
    public int code() {
      return number(payload, payload.length - 4);
    }

    /** Whether these fields begin with an entry of the static table (RFC 7541, 6.1). */
    public boolean beginsWith(int index) {
      int priority = (flags & PRIORITY_FLAG) == 0 ? 0 : 5;
      return payload[priority] == (byte) (0x80 | index);
    }

    /** The error of GOAWAY. */
    public int goAwayCode() {
      return number(payload, 4);
    }

    private static int number(byte[] bytes, int at) {
      return (bytes[at] & 0xff) << 24
          | (bytes[at + 1] & 0xff) << 16
          | (bytes[at + 2] & 0xff) << 8
          | bytes[at + 3] & 0xff;
    }
  }

  /** Connects, with the preface and empty settings. */
  public Http2Wire(int port) {
    try {
      socket = new Socket(InetAddress.getByName("127.0.0.1"), port);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.setTcpNoDelay(true);
      raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    send(SETTINGS, 0, 0, new byte[0]);
  }

  private void raw(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /** Sends a frame, or nothing if the other side is gone. */
  public Http2Wire send(int type, int flags, int stream, byte[] payload) {
    byte[] frame = new byte[9 + payload.length];
    frame[0] = (byte) (payload.length >> 16);
    frame[1] = (byte) (payload.length >> 8);
    frame[2] = (byte) payload.length;
    frame[3] = (byte) type;
    frame[4] = (byte) flags;
    for (int i = 0; i < 4; i++) {
      frame[5 + i] = (byte) (stream >> 24 - 8 * i);
    }
    System.arraycopy(payload, 0, frame, 9, payload.length);
    try {
      raw(frame);
    } catch (IOException gone) {
      // What it sent before can still be read.
    }
    return this;
  }

  /** Sends a request without a body. */
  public Http2Wire get(int stream, String path) {
    return send(HEADERS, END_STREAM | END_HEADERS, stream, request("GET", path));
  }

  /** The four pseudo-headers of a request. */
  public static byte[] request(String method, String path, String... more) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(
        fields(":method", method, ":scheme", "http", ":path", path, ":authority", "api.avalo.app"));
    block.writeBytes(fields(more));
    return block.toByteArray();
  }

  /** Names and values as a block of literals. */
  public static byte[] fields(String... pairs) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    for (int i = 0; i < pairs.length; i += 2) {
      block.write(0);
      literal(block, pairs[i]);
      literal(block, pairs[i + 1]);
    }
    return block.toByteArray();
  }

  private static void literal(ByteArrayOutputStream block, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    int rest = bytes.length - 127;
    block.write(rest < 0 ? bytes.length : 127);
    if (rest >= 0) {
      // RFC 7541, 5.1: what does not fit the prefix follows seven bits at a time.
      for (; rest >= 128; rest >>= 7) {
        block.write(rest & 127 | 128);
      }
      block.write(rest);
    }
    block.writeBytes(bytes);
  }

  /** The next frame of one of these types, or null when the other side has closed. */
  public Frame next(int... types) {
    try {
      InputStream in = socket.getInputStream();
      while (true) {
        byte[] head = in.readNBytes(9);
        if (head.length < 9) {
          return null;
        }
        int length = (head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | head[2] & 0xff;
        byte[] payload = in.readNBytes(length);
        for (int type : types) {
          if (head[3] == type) {
            return new Frame(type, head[4], Frame.number(head, 5), payload);
          }
        }
      }
    } catch (java.net.SocketTimeoutException late) {
      throw new UncheckedIOException(late);
    } catch (IOException reset) {
      return null;
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
