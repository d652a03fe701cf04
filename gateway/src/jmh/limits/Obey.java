import app.avalo.gateway.filter.limit.ObedientClient;
import app.avalo.gateway.filter.limit.ObedientClient.Obeys;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.GatewayProcess;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * Clients at the edge of limits of their own, over sockets to four gateway processes, by the clock of
 * the wall: each asks any gateway, as often as the text of the answers lets it. Gateways that have
 * just started load and compile on the processors that Redis needs too, and decide by their shares
 * what it answers too late; what they refuse in spite of obeying is counted by itself.
 */
final class Obey {
  private static final int FLEET = 4;
  private static final Duration YOUNG = Duration.ofSeconds(12);
  private static final Duration SPAN = Duration.ofSeconds(25);
  private static final long EVERY_NANOS = 4_000_000;
  private static final int MOST_TOLD = 30;
  private static final List<String> MODES = List.of("exact", "leased");
  private static final Map<String, String> COSTS = new LinkedHashMap<>();

  static {
    COSTS.put("one", "1");
    COSTS.put("three", "3");
    COSTS.put("method", "{base: 1, methods: {POST: 7}}");
    COSTS.put("told", "{base: 1, header: X-Cost}");
  }

  private static final String YAML =
      """
      name: obey-%d
      listeners: [{name: plain, address: "127.0.0.1:0"}]
      admin: {address: "127.0.0.1:0"}
      accessLog: {to: "off"}
      regions: {eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}}
      services: {up: {regions: {eu: "http://127.0.0.1:%d"}}}
      routes:
      %s
      limits:
      %s
      state: {redis: {endpoints: ["%s"], replicas: %d}}
      """;

  private static final Pattern BY =
      Pattern.compile("gateway_limit_decided_by_total\\{by=\"([a-z-]+)\",.*} ([0-9.E]+)");

  private final List<Integer> ports = new ArrayList<>();
  private final List<Integer> admin = new ArrayList<>();
  private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private Obey() {}

  /**
   * What came of one client.
   *
   * @param again refusals in spite of obeying
   * @param young likewise, while the gateways were
   */
  private record Outcome(String name, int requests, int refusals, int again, int young) {
    boolean kept() {
      return again == 0 && young == 0;
    }
  }

  public static void main(String[] arguments) throws Exception {
    boolean good = true;
    Vertx vertx = Vertx.vertx();
    List<GatewayProcess> gateways = new ArrayList<>();
    try (RedisServer redis = RedisServer.start()) {
      int up =
          vertx
              .createHttpServer()
              .requestHandler(request -> request.response().putHeader("X-Cost", told()).end("ok"))
              .listen(0)
              .toCompletionStage()
              .toCompletableFuture()
              .join()
              .actualPort();
      Path directory = Files.createTempDirectory("obey-");
      for (int i = 0; i < FLEET; i++) {
        Path yaml = directory.resolve("gateway" + i + ".yaml");
        Files.writeString(
            yaml, YAML.formatted(i, up, routes(), limits(), redis.url(), FLEET));
        gateways.add(GatewayProcess.start("run", yaml.toString(), "--loops", "1"));
      }
      Obey obey = new Obey();
      gateways.forEach(gateway -> obey.ports.add(gateway.port("plain")));
      gateways.forEach(gateway -> obey.admin.add(gateway.port("admin")));
      for (Outcome outcome : obey.all()) {
        good &= outcome.kept();
        System.out.printf(
            Locale.ROOT,
            "%-46s requests %d, refused %d, in spite of obeying %d, while young %d  %s%n",
            outcome.name,
            outcome.requests,
            outcome.refusals,
            outcome.again,
            outcome.young,
            outcome.kept() ? "ok" : "MISSED");
      }
      System.out.println("decided by, at the end: " + obey.deciders());
    } finally {
      gateways.forEach(GatewayProcess::close);
      vertx.close();
    }
    System.exit(good ? 0 : 1);
  }

  private static String told() {
    return Integer.toString(1 + ThreadLocalRandom.current().nextInt(MOST_TOLD));
  }

  private static String name(String mode, String cost, Obeys obeys) {
    return mode + "-" + cost + "-" + obeys.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private interface Each {
    String line(String mode, String cost, Obeys obeys);
  }

  private static String lines(Each each) {
    StringBuilder lines = new StringBuilder();
    for (String mode : MODES) {
      for (String cost : COSTS.keySet()) {
        for (Obeys obeys : Obeys.values()) {
          lines.append("  ").append(each.line(mode, cost, obeys)).append('\n');
        }
      }
    }
    return lines.toString();
  }

  private static String routes() {
    return lines(
        (mode, cost, obeys) ->
            "- {name: %1$s, match: {path: /%1$s}, service: up, limits: [%1$s]}"
                .formatted(name(mode, cost, obeys)));
  }

  /** Of leased ones a burst of which there is enough to lend. */
  private static String limits() {
    return lines(
        (mode, cost, obeys) ->
            "%s: {key: route, rate: 100/s, burst: %d, mode: %s, cost: %s}"
                .formatted(
                    name(mode, cost, obeys),
                    mode.equals("leased") ? 400 : 100,
                    mode,
                    COSTS.get(cost)));
  }

  private List<Outcome> all() throws Exception {
    List<Callable<Outcome>> clients = new ArrayList<>();
    for (String mode : MODES) {
      for (String cost : COSTS.keySet()) {
        for (Obeys obeys : Obeys.values()) {
          clients.add(() -> obey(name(mode, cost, obeys), cost, obeys));
        }
      }
    }
    ExecutorService threads = Executors.newFixedThreadPool(clients.size());
    List<Future<Outcome>> running = clients.stream().map(threads::submit).toList();
    LockSupport.parkNanos(YOUNG.toNanos());
    System.out.println("decided by, until now: " + deciders());
    List<Outcome> outcomes = new ArrayList<>();
    for (Future<Outcome> each : running) {
      outcomes.add(each.get());
    }
    threads.shutdown();
    return outcomes;
  }

  /** Decisions of all gateways since they started, by who made them. */
  private Map<String, Long> deciders() throws Exception {
    Map<String, Long> sums = new TreeMap<>();
    for (int port : admin) {
      URI metrics = URI.create("http://127.0.0.1:" + port + "/metrics");
      String text = http.send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofString()).body();
      BY.matcher(text)
          .results()
          .forEach(
              line ->
                  sums.merge(line.group(1), (long) Double.parseDouble(line.group(2)), Long::sum));
    }
    return sums;
  }

  private Outcome obey(String name, String cost, Obeys obeys) throws Exception {
    Random random = new Random(name.hashCode());
    ObedientClient client = new ObedientClient(obeys, EVERY_NANOS);
    boolean told = obeys == Obeys.RATE_LIMIT;
    String method = "GET";
    int requests = 0;
    int refusals = 0;
    int again = 0;
    int young = 0;
    long start = System.nanoTime();
    long warm = start + YOUNG.toNanos();
    while (System.nanoTime() < warm + SPAN.toNanos()) {
      long asked = System.nanoTime();
      HttpResponse<String> answer = ask(name, method, ports.get(random.nextInt(ports.size())));
      long heard = System.nanoTime();
      requests++;
      boolean refused = answer.statusCode() == 429;
      if (!refused && answer.statusCode() != 200) {
        throw new IllegalStateException(answer + " " + answer.body());
      }
      refusals += refused ? 1 : 0;
      if (told && refused) {
        again += asked >= warm ? 1 : 0;
        young += asked >= warm ? 0 : 1;
        System.out.printf(
            Locale.ROOT,
            "%s after %.1f s: %s%n%s%n",
            name,
            (asked - start) / 1e9,
            answer.headers().firstValue("RateLimit").orElse(""),
            answer.body());
      }
      long paid =
          cost.equals("told")
              ? answer.headers().firstValueAsLong("X-Cost").orElse(1)
              : cost(cost, method);
      // Who is told when it may come is told so of this request.
      method = refused || random.nextInt(4) > 0 ? method : method.equals("GET") ? "POST" : "GET";
      long wait =
          client.waitNanos(
              answer.statusCode(),
              field -> answer.headers().firstValue(field).orElse(null),
              paid,
              cost(cost, method));
      told = client.isTold(answer.statusCode());
      for (long left = wait; left > 0; left = heard + wait - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }
    return new Outcome(name, requests, refusals, again, young);
  }

  private static long cost(String cost, String method) {
    return switch (cost) {
      case "three" -> 3;
      case "method" -> method.equals("POST") ? 7 : 1;
      default -> 1;
    };
  }

  private HttpResponse<String> ask(String name, String method, int port) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/" + name))
            .method(method, BodyPublishers.noBody())
            .build();
    return http.send(request, BodyHandlers.ofString());
  }
}
