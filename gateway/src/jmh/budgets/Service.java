import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/** The service: what it does costs, at most as much as is reserved, and it keeps its own books. */
final class Service implements AutoCloseable {
  /** Query of a request for a stream. */
  static final String STREAM = "stream";

  private final HttpServer server;
  private final ExecutorService threads = Executors.newFixedThreadPool(32);
  private final SplittableRandom random = new SplittableRandom(1);
  private final List<String> knownBy;
  private final AtomicLongArray spent;
  private final Set<String> ids = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> done = new ConcurrentHashMap<>(); // by id; a repeat is answered from here
  private final Map<String, Long> costs = new ConcurrentHashMap<>(); // by budget and number
  private final AtomicLong repeated = new AtomicLong();

  /**
   * Every request costs something else, up to what is reserved.
   *
   * @param knownBy for each budget the header by which it knows a request again, or empty
   */
  Service(List<String> knownBy) throws IOException {
    this.knownBy = knownBy;
    spent = new AtomicLongArray(knownBy.size());
    server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    server.createContext("/", this::serve);
    server.setExecutor(threads);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      if (STREAM.equals(exchange.getRequestURI().getQuery())) {
        pour(exchange);
        return;
      }
      if (path.startsWith("/b")) {
        String call = path + ' ' + exchange.getRequestHeaders().getFirst("X-Call");
        String header = knownBy.get(Integer.parseInt(path.substring(2)));
        String id = header.isEmpty() ? null : exchange.getRequestHeaders().getFirst(header);
        long cost = id == null ? work(path, call) : done.computeIfAbsent(path + ' ' + id, first -> work(path, call));
        if (!ids.add(exchange.getRequestHeaders().getFirst("x-request-id"))) {
          repeated.incrementAndGet();
        }
        exchange.getResponseHeaders().set("X-Cost", BigDecimal.valueOf(cost, 6).toPlainString());
      }
      exchange.sendResponseHeaders(200, -1);
    }
  }

  private long work(String path, String call) {
    long cost = cost();
    costs.put(call, cost);
    spent.addAndGet(Integer.parseInt(path.substring(2)), cost);
    return cost;
  }

  /** Events without an end, as fast as they are read. */
  private static void pour(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    byte[] event = ("data: " + "x".repeat(1000) + "\n\n").getBytes(StandardCharsets.US_ASCII);
    while (true) {
      exchange.getResponseBody().write(event);
    }
  }

  private synchronized long cost() {
    return random.nextInt(4) == 0 ? World.COST : 1 + random.nextLong(World.COST);
  }

  /** What this request cost, 0 when it never came. */
  long cost(int budget, long number) {
    return costs.getOrDefault("/b" + budget + " " + number, 0L);
  }

  long spent(int budget) {
    return spent.get(budget);
  }

  /** Requests that came more than once. */
  long repeated() {
    return repeated.get();
  }

  Set<String> ids() {
    return ids;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
