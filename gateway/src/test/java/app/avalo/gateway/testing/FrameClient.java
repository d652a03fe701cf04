package app.avalo.gateway.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** An HTTP/2 client by prior knowledge that sends exactly the frames it is told to. */
public final class FrameClient implements AutoCloseable {
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final int PRIORITY = 32;
  private static final int PATIENCE_MILLIS = 10_000;

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
  private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();

  public FrameClient(int port) {
    try {
      socket = new Socket(InetAddress.getByName("127.0.0.1"), port);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.setTcpNoDelay(true);
      in = new DataInputStream(socket.getInputStream());
      out = socket.getOutputStream();
      out.write(PREFACE.getBytes(StandardCharsets.US_ASCII));
      frame(4, 0, 0, new byte[0]);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** A block of fields: the head of a request, or its trailers. */
  public FrameClient fields(int stream, boolean end, String... namesAndValues) {
    Http2Headers fields = new DefaultHttp2Headers(false);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.add(namesAndValues[i], namesAndValues[i + 1]);
    }
    try {
      ByteBuf block = Unpooled.buffer();
      encoder.encodeHeaders(stream, fields, block);
      byte[] bytes = new byte[block.readableBytes()];
      block.readBytes(bytes);
      frame(1, end ? 5 : 4, stream, bytes);
      return this;
    } catch (IOException | Http2Exception failed) {
      throw new AssertionError(failed);
    }
  }

  public FrameClient data(int stream, boolean end, String text) {
    try {
      frame(0, end ? 1 : 0, stream, text.getBytes(StandardCharsets.US_ASCII));
      return this;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
    frame.put((byte) (payload.length >> 16)).putShort((short) payload.length);
    frame.put((byte) type).put((byte) flags).putInt(stream).put(payload);
    out.write(frame.array());
    out.flush();
  }

  /**
   * The frames of a stream as far as the first that matches: {@code HEADERS [:status: 200] end},
   * {@code DATA text}, {@code RST_STREAM 8}.
   */
  public List<String> readUntil(int stream, String pattern) {
    List<String> read = new ArrayList<>();
    try {
      while (read.isEmpty() || !read.get(read.size() - 1).matches(pattern)) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int on = in.readInt();
        byte[] payload = in.readNBytes(length);
        if (on == stream && type != 8) {
          read.add(text(type, flags, payload) + ((flags & 1) == 0 ? "" : " end"));
        }
      }
      return read;
    } catch (IOException | Http2Exception failed) {
      throw new AssertionError("after " + read, failed);
    }
  }

  private String text(int type, int flags, byte[] payload) throws Http2Exception {
    return switch (type) {
      case 0 -> "DATA " + new String(payload, StandardCharsets.US_ASCII);
      case 1 -> "HEADERS " + decoder.decodeHeaders(1, block(flags, payload));
      case 3 -> "RST_STREAM " + ByteBuffer.wrap(payload).getInt();
      default -> "FRAME " + type;
    };
  }

  private static ByteBuf block(int flags, byte[] payload) {
    ByteBuf block = Unpooled.wrappedBuffer(payload);
    return (flags & PRIORITY) == 0 ? block : block.skipBytes(5);
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
