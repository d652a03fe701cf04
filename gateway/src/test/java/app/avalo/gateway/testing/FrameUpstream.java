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
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An HTTP/2 upstream by prior knowledge that writes exactly the frames that the test says; its
 * health check alone is answered by itself.
 */
public final class FrameUpstream implements AutoCloseable {
  private static final int PREFACE_BYTES = 24;
  private static final int FIRST_WINDOW = 65_535;
  private static final short INITIAL_WINDOW_SIZE = 4;
  private static final byte END_STREAM = 1;
  private static final byte END_HEADERS = 4;
  private static final byte PRIORITY = 32;

  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();
  private volatile Script script = call -> {};
  private volatile int maxStreams = 100;
  private volatile boolean sick;
  private final Acceptor acceptor = new Acceptor(this::serve);

  /** What happens when the head of a request has come. */
  public interface Script {
    void play(Call call) throws IOException;
  }

  /** One request; answers go to its stream, connection frames around it. */
  public final class Call {
    private final Wired wired;
    private final int stream;
    private final Http2Headers headers;
    private final int connection;

    private Call(Wired wired, int stream, Http2Headers headers, int connection) {
      this.wired = wired;
      this.stream = stream;
      this.headers = headers;
      this.connection = connection;
    }

    public Http2Headers headers() {
      return headers;
    }

    /** Which connection it came on, counted from 1, those of health checks left out. */
    public int connection() {
      return connection;
    }

    public int stream() {
      return stream;
    }

    /** A block of fields: a head, interim or final, or trailers. */
    public Call fields(boolean end, String... namesAndValues) throws IOException {
      Http2Headers fields = new DefaultHttp2Headers(false);
      for (int i = 0; i < namesAndValues.length; i += 2) {
        fields.add(namesAndValues[i], namesAndValues[i + 1]);
      }
      wired.fields(stream, fields, end);
      return this;
    }

    public Call data(String text, boolean end) throws IOException {
      wired.frame(0, end ? END_STREAM : 0, stream, text.getBytes(StandardCharsets.US_ASCII));
      return this;
    }

    /** So many bytes of a body, at most 16 KiB. */
    public Call data(int size) throws IOException {
      wired.windows.merge(0, -size, Integer::sum);
      wired.windows.merge(stream, -size, Integer::sum);
      wired.frame(0, 0, stream, new byte[size]);
      return this;
    }

    /** How much more of its body the gateway takes just now. */
    public int window() {
      return wired.streamWindow + wired.windows.getOrDefault(stream, 0);
    }

    /** How much more the gateway takes just now of all bodies on its connection. */
    public int connectionWindow() {
      return FIRST_WINDOW + wired.windows.getOrDefault(0, 0);
    }

    public Call reset(int code) throws IOException {
      wired.frame(3, 0, stream, ByteBuffer.allocate(4).putInt(code).array());
      return this;
    }

    public Call goAway(int lastStream) throws IOException {
      wired.frame(7, 0, 0, ByteBuffer.allocate(8).putInt(lastStream).putInt(0).array());
      return this;
    }

    public void close() throws IOException {
      wired.socket.close();
    }
  }

  public int port() {
    return acceptor.port();
  }

  /** What new connections are told of how many streams they may have. */
  public void maxStreams(int most) {
    maxStreams = most;
  }

  /** From now on health checks fail. */
  public void sicken() {
    sick = true;
  }

  public void script(Script next) {
    script = next;
    seen.clear();
  }

  /** What came since the script was set: {@code HEADERS 1}, {@code RST_STREAM 1 8}, ... */
  public List<String> seen() {
    return seen;
  }

  public int connections() {
    return connections.get();
  }

  private void serve(Socket socket) throws IOException {
    try {
      new Wired(socket).run();
    } catch (Http2Exception broken) {
      throw new IOException(broken);
    }
  }

  /** One connection with its compression state. */
  private final class Wired {
    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private final Map<Integer, Integer> windows = new ConcurrentHashMap<>(); // beside the first
    private volatile int streamWindow = FIRST_WINDOW;
    private int number;

    Wired(Socket socket) throws IOException {
      this.socket = socket;
      this.in = new DataInputStream(socket.getInputStream());
      this.out = socket.getOutputStream();
    }

    void run() throws IOException, Http2Exception {
      in.skipNBytes(PREFACE_BYTES);
      byte[] streams = ByteBuffer.allocate(6).putShort((short) 3).putInt(maxStreams).array();
      frame(4, 0, 0, streams);
      while (true) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = in.readNBytes(length);
        switch (type) {
          case 0 ->
              seen.add("DATA " + stream + " " + new String(payload, StandardCharsets.US_ASCII));
          case 1 -> request(stream, flags, payload);
          case 3 -> saw("RST_STREAM " + stream + " " + ByteBuffer.wrap(payload).getInt());
          case 4 -> settings(flags, ByteBuffer.wrap(payload));
          case 6 -> saw("PING");
          case 7 -> saw("GOAWAY");
          case 8 -> windows.merge(stream, ByteBuffer.wrap(payload).getInt(), Integer::sum);
          default -> {}
        }
      }
    }

    private void saw(String frame) {
      if (number > 0) {
        seen.add(frame);
      }
    }

    private void settings(int flags, ByteBuffer said) throws IOException {
      while (said.hasRemaining()) {
        short name = said.getShort();
        int value = said.getInt();
        streamWindow = name == INITIAL_WINDOW_SIZE ? value : streamWindow;
      }
      if (flags == 0) {
        frame(4, 1, 0, new byte[0]);
      }
    }

    private void request(int stream, int flags, byte[] block) throws IOException, Http2Exception {
      ByteBuf bytes = Unpooled.wrappedBuffer(block);
      if ((flags & PRIORITY) != 0) {
        bytes.skipBytes(5);
      }
      Http2Headers headers = decoder.decodeHeaders(stream, bytes);
      if ("/health".contentEquals(String.valueOf(headers.path()))) {
        fields(stream, new DefaultHttp2Headers(false).status(sick ? "500" : "200"), true);
        return;
      }
      if (number == 0) {
        number = connections.incrementAndGet();
      }
      seen.add((headers.path() == null ? "TRAILERS " : "HEADERS ") + stream);
      script.play(new Call(this, stream, headers, number));
    }

    synchronized void fields(int stream, Http2Headers fields, boolean end) throws IOException {
      ByteBuf block = Unpooled.buffer();
      try {
        encoder.encodeHeaders(stream, fields, block);
      } catch (Http2Exception broken) {
        throw new IOException(broken);
      }
      byte[] bytes = new byte[block.readableBytes()];
      block.readBytes(bytes);
      frame(1, END_HEADERS | (end ? END_STREAM : 0), stream, bytes);
    }

    synchronized void frame(int type, int flags, int stream, byte[] payload) throws IOException {
      ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
      frame.put((byte) (payload.length >> 16)).putShort((short) payload.length);
      frame.put((byte) type).put((byte) flags).putInt(stream).put(payload);
      out.write(frame.array());
      out.flush();
    }
  }

  @Override
  public void close() {
    acceptor.close();
  }
}
