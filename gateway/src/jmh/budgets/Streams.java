import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Endless event streams and WebSockets, as fast as they are read, until their budget cannot pay for
 * more. Whoever reads counts bytes and time and prices them, so that what flowed is known without the
 * gateways' books; these must say the same.
 */
final class Streams {
  private static final long AMOUNT = 10_000_000; // micro-units
  private static final int TOGETHER = 8;

  /**
   * How streams cost.
   *
   * @param slice in micro-units; 100 KiB or a tenth of a second
   * @param perKibibyte micro-units
   * @param perSecond micro-units
   */
  private record Price(String by, boolean socket, long slice, long perKibibyte, long perSecond) {
    String budget() {
      return String.format(
          Locale.ROOT,
          "amount: 10 PLN, cost: {perKibibyteOut: %.6f PLN, perSecond: %.6f PLN, slice: %.6f PLN}",
          perKibibyte / 1e6, perSecond / 1e6, slice / 1e6);
    }

    /** Micro-units of one stream. */
    double of(Flow flow) {
      return flow.bytes() * perKibibyte / 1024.0 + flow.nanos() * perSecond / 1e9;
    }
  }

  private static final List<Price> PRICES =
      List.of(
          new Price("the KiB", false, 10_000, 100, 0),
          new Price("time", false, 100_000, 1, 1_000_000),
          new Price("the KiB of a WebSocket", true, 10_000, 100, 0));

  /**
   * What came of a stream.
   *
   * @param bytes of its body, or of its frames
   * @param nanos from its head to its end
   * @param told whether it ended as it should: by an event, by 1008, or refused before it began
   */
  record Flow(long bytes, long nanos, boolean told) {
    static final Flow NONE = new Flow(0, 0, true);
  }

  /** Status of who comes when nothing is left. */
  static final int REFUSED = 429;

  private Streams() {}

  /** Each price, for one stream and for several together, so often. */
  static boolean measure(int rounds) throws Exception {
    int each = 2 * PRICES.size();
    List<String> budgets = new ArrayList<>();
    for (int budget = 0; budget < rounds * each; budget++) {
      budgets.add(PRICES.get(budget % PRICES.size()).budget());
    }
    double most = Double.NEGATIVE_INFINITY;
    double apart = 0;
    boolean told = true;
    try (World world = new World(2, budgets)) {
      for (int budget = 0; budget < budgets.size(); budget++) {
        Price price = PRICES.get(budget % PRICES.size());
        int streams = budget % each < PRICES.size() ? 1 : TOGETHER;
        List<Flow> flows = flow(world, budget, streams, price.socket());
        double cost = flows.stream().mapToDouble(price::of).sum();
        long spent = world.rest(budget);
        double slices = (cost - AMOUNT) / price.slice() / streams;
        double differing = (spent - cost) / price.slice() / streams;
        long ended = flows.stream().filter(Flow::told).count();
        most = Math.max(most, slices);
        apart = Math.max(apart, Math.abs(differing));
        told &= ended == streams;
        System.out.printf(
            Locale.ROOT,
            "%d by %s: read for %.0f of %d micros, %+.3f slices a stream; gateways say %d, %+.4f"
                + " slices a stream; %d ended and said why%n",
            streams, price.by(), cost, AMOUNT, slices, spent, differing, ended);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "stream: %d budgets: overspend as read at most %.3f slices a stream, books and what was read"
            + " differ by at most %.4f (must at most 1, 1)%n",
        budgets.size(), most, apart);
    return told && most <= 1 && apart <= 1;
  }

  /** So many streams at two gateways until all have ended. */
  private static List<Flow> flow(World world, int budget, int streams, boolean socket)
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(streams);
    try {
      List<Callable<Flow>> all = new ArrayList<>();
      for (int i = 0; i < streams; i++) {
        String host = "://127.0.0.1:" + world.port(i % 2);
        URI uri =
            socket
                ? URI.create("ws" + host + "/w" + budget)
                : URI.create("http" + host + "/b" + budget + "?" + Service.STREAM);
        all.add(() -> socket ? Sockets.read(uri) : read(uri));
      }
      List<Flow> flows = new ArrayList<>();
      for (Future<Flow> each : threads.invokeAll(all)) {
        flows.add(each.get());
      }
      return flows;
    } finally {
      threads.shutdown();
    }
  }

  /** It should end by an event behind the last one that is whole, unless it came too late. */
  private static Flow read(URI uri) throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request = HttpRequest.newBuilder(uri).build();
    HttpResponse<InputStream> answer =
        client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    if (answer.statusCode() == REFUSED) {
      answer.body().close();
      return Flow.NONE;
    }
    long began = System.nanoTime();
    long bytes = 0;
    String last = "";
    try (InputStream body = answer.body()) {
      byte[] piece = new byte[8192];
      for (int n = body.read(piece); n >= 0; n = body.read(piece)) {
        bytes += n;
        String text = last + new String(piece, 0, n, StandardCharsets.US_ASCII);
        last = text.substring(Math.max(0, text.length() - 2048));
      }
    }
    long nanos = System.nanoTime() - began;
    boolean good = last.contains("\n\nevent: budget\n") && last.endsWith("\n\n");
    if (!good) {
      System.out.println(answer.statusCode() + " " + last);
    }
    return new Flow(bytes, nanos, good);
  }
}
