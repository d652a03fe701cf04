import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;

/**
 * Requests to one gateway over connections that are kept, each by a thread that waits for the
 * answer: a tenth of what an asynchronous client takes of the two cores that it shares with what is
 * measured.
 */
final class Line {
  private final InetSocketAddress to;
  private final Deque<Connection> idle = new ConcurrentLinkedDeque<>();

  /**
   * What was answered.
   *
   * @param region that served it, empty if none did
   * @param cookie that was set, empty if none was
   */
  record Answer(int status, String region, String cookie, String body) {}

  private record Connection(Socket socket, InputStream in) {}

  Line(int port) {
    this.to = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** Sends a request; null if there is no whole answer within the time. */
  Answer ask(String request, Duration patience) {
    long endNanos = System.nanoTime() + patience.toNanos();
    Connection connection = null;
    try {
      connection = idle.poll();
      if (connection == null) {
        connection = open(endNanos);
      }
      connection.socket().getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      Answer answer = answer(connection, endNanos);
      idle.push(connection);
      return answer;
    } catch (IOException failed) {
      close(connection);
      return null;
    }
  }

  private Connection open(long endNanos) throws IOException {
    Socket socket = new Socket();
    socket.setTcpNoDelay(true);
    socket.connect(to, leftMillis(endNanos));
    return new Connection(socket, new BufferedInputStream(socket.getInputStream()));
  }

  private static int leftMillis(long endNanos) throws SocketTimeoutException {
    long left = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
    if (left <= 0) {
      throw new SocketTimeoutException();
    }
    return (int) left;
  }

  private static Answer answer(Connection from, long endNanos) throws IOException {
    int status = Integer.parseInt(line(from, endNanos).split(" ")[1]);
    String region = "";
    String cookie = "";
    int length = 0;
    for (String line = line(from, endNanos); !line.isEmpty(); line = line(from, endNanos)) {
      int colon = line.indexOf(':');
      String value = line.substring(colon + 1).trim();
      switch (line.substring(0, colon).toLowerCase()) {
        case "content-length" -> length = Integer.parseInt(value);
        case "x-region" -> region = value;
        case "set-cookie" -> cookie = value.substring(0, value.indexOf(';'));
        default -> {}
      }
    }
    from.socket().setSoTimeout(leftMillis(endNanos));
    byte[] body = from.in().readNBytes(length);
    if (body.length < length) {
      throw new EOFException();
    }
    return new Answer(status, region, cookie, new String(body, StandardCharsets.UTF_8));
  }

  private static String line(Connection from, long endNanos) throws IOException {
    StringBuilder line = new StringBuilder();
    from.socket().setSoTimeout(leftMillis(endNanos));
    for (int next = from.in().read(); next != '\n'; next = from.in().read()) {
      if (next < 0) {
        throw new EOFException();
      }
      if (next != '\r') {
        line.append((char) next);
      }
    }
    return line.toString();
  }

  private static void close(Connection connection) {
    if (connection != null) {
      try {
        connection.socket().close();
      } catch (IOException gone) {
        // which was the intention
      }
    }
  }

  /** Closes what is kept. */
  void close() {
    for (Connection kept = idle.poll(); kept != null; kept = idle.poll()) {
      close(kept);
    }
  }
}
