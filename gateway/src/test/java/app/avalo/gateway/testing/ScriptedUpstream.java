package app.avalo.gateway.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An upstream that does on each connection exactly what the test says, byte by byte; its health
 * check alone is answered by itself.
 */
public final class ScriptedUpstream implements AutoCloseable {
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private volatile Script script = connection -> {};
  private final Acceptor acceptor = new Acceptor(this::serve);

  /** What happens once the first request head of a connection has been read. */
  public interface Script {
    void play(Connection connection) throws IOException;
  }

  /** One accepted connection; its first request head has been read. */
  public final class Connection {
    private final Socket socket;
    private final InputStream in;
    private final String head;

    private Connection(Socket socket, InputStream in, String head) {
      this.socket = socket;
      this.in = in;
      this.head = head;
    }

    public String head() {
      return head;
    }

    public Socket socket() {
      return socket;
    }

    public Connection send(String text) throws IOException {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      return this;
    }

    /** Reads this many bytes of a body. */
    public Connection skip(int bytes) throws IOException {
      in.skipNBytes(bytes);
      return this;
    }

    /** The next bytes, at most this many; fewer if the other side ends before. */
    public String read(int bytes) throws IOException {
      return new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1);
    }

    /** The next request on this connection. */
    public Connection next() throws IOException {
      return new Connection(socket, in, readHead(in));
    }

    /** Closes with RST. */
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }

  public int port() {
    return acceptor.port();
  }

  public void script(Script next) {
    script = next;
    heads.clear();
  }

  /** Every request head but those of health checks, since the script was set. */
  public List<String> heads() {
    return heads;
  }

  private void serve(Socket socket) throws IOException {
    InputStream in = new BufferedInputStream(socket.getInputStream());
    String head = readHead(in);
    if (head.startsWith("GET /health ")) {
      socket
          .getOutputStream()
          .write(
              "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    } else {
      script.play(new Connection(socket, in, head));
    }
  }

  private String readHead(InputStream in) throws IOException {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    String text = "";
    while (!text.endsWith("\r\n\r\n")) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException();
      }
      read.write(b);
      text = read.toString(StandardCharsets.ISO_8859_1);
    }
    if (!text.startsWith("GET /health ")) {
      heads.add(text);
    }
    return text;
  }

  @Override
  public void close() {
    acceptor.close();
  }
}
