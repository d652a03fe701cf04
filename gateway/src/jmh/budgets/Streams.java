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

/** Endless event streams, as fast as they are read, until their budget cannot pay for more. */
final class Streams {
  private static final long AMOUNT = 10_000_000; // micro-units
  private static final int TOGETHER = 8;

  /**
   * How streams cost.
   *
   * @param slice in micro-units; 100 KiB or a tenth of a second
   */
  private record Price(String by, long slice, String cost) {
    String budget() {
      return "amount: 10 PLN, cost: {" + cost + ", slice: " + slice / 1e6 + " PLN}";
    }
  }

  private static final List<Price> PRICES =
      List.of(
          new Price("the KiB", 10_000, "perKibibyteOut: 0.0001 PLN"),
          new Price("time", 100_000, "perSecond: 1 PLN, perKibibyteOut: 0.000001 PLN"));

  private Streams() {}

  /** Each price, for one stream and for several together, so often. */
  static boolean measure(int rounds) throws Exception {
    int each = 2 * PRICES.size();
    List<String> budgets = new ArrayList<>();
    for (int budget = 0; budget < rounds * each; budget++) {
      budgets.add(PRICES.get(budget % PRICES.size()).budget());
    }
    double most = 0;
    boolean told = true;
    try (World world = new World(2, budgets)) {
      for (int budget = 0; budget < budgets.size(); budget++) {
        Price price = PRICES.get(budget % PRICES.size());
        int streams = budget % each < PRICES.size() ? 1 : TOGETHER;
        int ended = flow(world, budget, streams);
        long spent = world.rest(budget);
        double slices = (double) (spent - AMOUNT) / price.slice() / streams;
        most = Math.max(most, slices);
        told &= ended == streams;
        System.out.printf(
            Locale.ROOT,
            "%d by %s: spent %d of %d micros, %+.2f slices a stream; %d ended by an event that says why%n",
            streams, price.by(), spent, AMOUNT, slices, ended);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "stream: %d budgets: overspend at most %.2f slices a stream (must at most 1)%n",
        budgets.size(), most);
    return told && most <= 1;
  }

  /** So many streams at two gateways until all have ended; how many said why. */
  private static int flow(World world, int budget, int streams) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(streams);
    try {
      List<Callable<Boolean>> all = new ArrayList<>();
      for (int i = 0; i < streams; i++) {
        URI uri =
            URI.create(
                "http://127.0.0.1:" + world.port(i % 2) + "/b" + budget + "?" + Service.STREAM);
        all.add(() -> read(uri));
      }
      int ended = 0;
      for (Future<Boolean> each : threads.invokeAll(all)) {
        ended += each.get() ? 1 : 0;
      }
      return ended;
    } finally {
      threads.shutdown();
    }
  }

  /** Whether a stream ended as it should, by an event behind the last one that is whole. */
  private static boolean read(URI uri) throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request = HttpRequest.newBuilder(uri).build();
    HttpResponse<InputStream> answer =
        client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    String last = "";
    try (InputStream body = answer.body()) {
      byte[] piece = new byte[8192];
      for (int n = body.read(piece); n >= 0; n = body.read(piece)) {
        String text = last + new String(piece, 0, n, StandardCharsets.US_ASCII);
        last = text.substring(Math.max(0, text.length() - 2048));
      }
    }
    boolean good = last.contains("\n\nevent: budget\n") && last.endsWith("\n\n");
    if (!good) {
      System.out.println(answer.statusCode() + " " + last);
    }
    return good;
  }
}
