package app.avalo.gateway.testing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A region as one HTTP/1.1 server on loopback with plain sockets, so that it can misbehave at every
 * layer. {@code /health} follows {@link #healthMode}, everything else {@link #trafficMode}; the
 * query may override for one request: {@code mode=GARBAGE}, {@code delay=20} (ms), {@code
 * status=404}, {@code bytes=100000}, {@code cost=0.5} (answered as {@code X-Cost}). Counts requests
 * per {@code X-Test-Id} (or {@code X-Request-Id}).
 *
 * <p>As a process ({@link RegionProcess}): arguments are name, port and optionally a journal file,
 * to which the id of every request is appended before it is answered; prints {@code READY port},
 * then takes {@code mode|traffic|health NAME} and {@code delay MILLIS} from its input, answers
 * {@code OK}, and ends with it.
 */
public final class TestRegion implements AutoCloseable {
  private final String name;
  private final ServerSocket server;
  private final @Nullable OutputStream journal;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "test-region");
            thread.setDaemon(true);
            return thread;
          });
  private final Future<?> accepting;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Map<String, AtomicLong> seen = new ConcurrentHashMap<>();
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong checks = new AtomicLong();
  private final AtomicLong connections = new AtomicLong();
  private volatile Mode trafficMode = Mode.NORMAL;
  private volatile Mode healthMode = Mode.NORMAL;
  private volatile Duration delay = Duration.ZERO;

  private TestRegion(String name, int port, @Nullable Path journal) throws IOException {
    this.name = name;
    this.server = new ServerSocket(port, 1024, InetAddress.getByName("127.0.0.1"));
    this.journal =
        journal == null
            ? null
            : Files.newOutputStream(journal, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    this.accepting = threads.submit(this::acceptAll);
  }

  /** A normal region on a free port. */
  public static TestRegion start(String name) {
    return start(name, 0);
  }

  /** A normal region on this port, for one that returns where it was. */
  public static TestRegion start(String name, int port) {
    try {
      return new TestRegion(name, port, null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String name() {
    return name;
  }

  public int port() {
    return server.getLocalPort();
  }

  /** Treats traffic and checks alike. */
  public void mode(Mode mode) {
    trafficMode = mode;
    healthMode = mode;
  }

  /** Treats all but {@code /health} this way. */
  public void trafficMode(Mode mode) {
    trafficMode = mode;
  }

  /** Treats {@code /health} this way. */
  public void healthMode(Mode mode) {
    healthMode = mode;
  }

  /** The delay of {@link Mode#DELAY}. */
  public void delay(Duration delay) {
    this.delay = delay;
  }

  /** Requests other than checks. */
  public long requests() {
    return requests.get();
  }

  /** Requests for {@code /health}. */
  public long checks() {
    return checks.get();
  }

  /** Connections accepted. */
  public long connections() {
    return connections.get();
  }

  /** How often a request with this id arrived. */
  public long seen(String id) {
    AtomicLong count = seen.get(id);
    return count == null ? 0 : count.get();
  }

  /** Stops listening and resets every connection. */
  @Override
  public void close() {
    try {
      server.close();
      accepting.get(); // the kernel goes on listening while a thread is inside accept
      for (Socket socket : open) {
        reset(socket);
      }
      if (journal != null) {
        journal.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      threads.shutdownNow();
    }
  }

  private void acceptAll() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        connections.incrementAndGet();
        if (trafficMode == Mode.ACCEPT_AND_CLOSE && healthMode == Mode.ACCEPT_AND_CLOSE) {
          socket.close();
          continue;
        }
        socket.setTcpNoDelay(true);
        open.add(socket);
        threads.execute(() -> serve(socket));
      } catch (IOException e) {
        // Closed while accepting; the loop's condition tells.
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = new BufferedOutputStream(socket.getOutputStream());
      boolean more = true;
      while (more) {
        RawRequest request = RawRequest.read(in, out);
        more = request != null && answer(request, socket, out);
        out.flush();
      }
    } catch (IOException | InterruptedException e) {
      // The other side went away, or this region is closing.
    } finally {
      open.remove(socket);
    }
  }

  /** Whether the connection goes on. */
  private boolean answer(RawRequest request, Socket socket, OutputStream out)
      throws IOException, InterruptedException {
    boolean check = request.path().equals("/health");
    (check ? checks : requests).incrementAndGet();
    if (!check) {
      note(request);
    }
    String override = request.query("mode");
    Mode mode = override != null ? Mode.valueOf(override) : check ? healthMode : trafficMode;
    switch (mode) {
      case RESET_MID_BODY -> {
        head(out, 200, 1_000_000);
        out.write(new byte[10_000]);
        out.flush();
        reset(socket);
      }
      case RESET_BEFORE_HEAD -> reset(socket);
      case ACCEPT_AND_CLOSE -> socket.close();
      case GARBAGE -> out.write("\0\1\2 this is not HTTP\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      case NEVER_ANSWER -> in(socket).readAllBytes();
      case ERROR_500, ERROR_503 -> {
        echo(request, out, mode == Mode.ERROR_500 ? 500 : 503);
        return true;
      }
      case DRAINING -> {
        head(out, 503, 0, "\r\nRetry-After: 30");
        return true;
      }
      case NORMAL, DELAY -> {
        String own = request.query("delay");
        long millis = own != null ? Long.parseLong(own) : mode == Mode.DELAY ? delay.toMillis() : 0;
        TimeUnit.MILLISECONDS.sleep(millis);
        String status = request.query("status");
        echo(request, out, status == null ? 200 : Integer.parseInt(status));
        return !"close".equalsIgnoreCase(request.header("connection"));
      }
    }
    return false;
  }

  private static InputStream in(Socket socket) throws IOException {
    return socket.getInputStream();
  }

  private void note(RawRequest request) throws IOException {
    String id = request.header("x-test-id");
    if (id == null) {
      id = request.header("x-request-id");
    }
    if (id != null) {
      seen.computeIfAbsent(id, absent -> new AtomicLong()).incrementAndGet();
      if (journal != null) {
        journal.write((id + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private void echo(RawRequest request, OutputStream out, int status) throws IOException {
    String bytes = request.query("bytes");
    byte[] body =
        bytes != null
            ? new byte[Integer.parseInt(bytes)]
            : json(request).getBytes(StandardCharsets.UTF_8);
    String cost = request.query("cost");
    head(out, status, body.length, cost == null ? "" : "\r\nX-Cost: " + cost);
    if (!request.method().equals("HEAD") && status != 204 && status != 304) {
      out.write(body);
    }
  }

  private void head(OutputStream out, int status, long length) throws IOException {
    head(out, status, length, "");
  }

  private void head(OutputStream out, int status, long length, String more) throws IOException {
    String head =
        "HTTP/1.1 "
            + status
            + " Test\r\nContent-Type: application/json\r\nX-Region: "
            + name
            + more;
    String end = status == 204 || status == 304 ? "" : "\r\nContent-Length: " + length;
    out.write((head + end + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  private String json(RawRequest request) {
    StringBuilder json = new StringBuilder("{\"region\":").append(quoted(name));
    json.append(",\"method\":").append(quoted(request.method()));
    json.append(",\"target\":").append(quoted(request.target()));
    json.append(",\"bodyBytes\":").append(request.bodyBytes()).append(",\"headers\":{");
    String comma = "";
    for (var header : request.headers().entrySet()) {
      json.append(comma).append(quoted(header.getKey())).append(':');
      json.append(quoted(String.join(", ", header.getValue())));
      comma = ",";
    }
    return json.append("}}").toString();
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\t", "\\t") + '"';
  }

  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      // Closed already.
    }
  }

  /** The region as a process of its own; see the class. */
  public static void main(String[] args) throws IOException {
    Path journal = args.length > 2 ? Path.of(args[2]) : null;
    try (TestRegion region = new TestRegion(args[0], Integer.parseInt(args[1]), journal)) {
      System.out.println("READY " + region.port());
      BufferedReader input =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        String[] words = line.split(" ");
        switch (words[0]) {
          case "mode" -> region.mode(Mode.valueOf(words[1]));
          case "traffic" -> region.trafficMode(Mode.valueOf(words[1]));
          case "health" -> region.healthMode(Mode.valueOf(words[1]));
          case "delay" -> region.delay(Duration.ofMillis(Long.parseLong(words[1])));
          default -> throw new IOException(line + " (expected mode, traffic, health or delay)");
        }
        System.out.println("OK");
      }
    }
  }
}
