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
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients at the edge of limits of their own, over sockets to four gateway processes, by the clock of
 * the wall: each asks any gateway, as often as the text of the answers lets it.
 */
final class Obey {
  private static final int FLEET = 4;
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

  private final List<Integer> ports = new ArrayList<>();
  private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private Obey() {}

  /** What came of one client: refusals, and those in spite of obeying. */
  private record Outcome(String name, int requests, int refusals, int again) {}

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
      for (Outcome outcome : obey.all()) {
        good &= outcome.again == 0;
        System.out.printf(
            Locale.ROOT,
            "%-46s requests %d, refused %d, in spite of obeying %d  %s%n",
            outcome.name,
            outcome.requests,
            outcome.refusals,
            outcome.again,
            outcome.again == 0 ? "ok" : "MISSED");
      }
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
    List<Outcome> outcomes = new ArrayList<>();
    for (Future<Outcome> each : threads.invokeAll(clients)) {
      outcomes.add(each.get());
    }
    threads.shutdown();
    return outcomes;
  }

  private Outcome obey(String name, String cost, Obeys obeys) throws Exception {
    Random random = new Random(name.hashCode());
    ObedientClient client = new ObedientClient(obeys, EVERY_NANOS);
    boolean told = obeys == Obeys.RATE_LIMIT;
    String method = "GET";
    int requests = 0;
    int refusals = 0;
    int again = 0;
    for (long end = System.nanoTime() + SPAN.toNanos(); System.nanoTime() < end; ) {
      HttpResponse<String> answer = ask(name, method, ports.get(random.nextInt(ports.size())));
      long heard = System.nanoTime();
      requests++;
      boolean refused = answer.statusCode() == 429;
      if (!refused && answer.statusCode() != 200) {
        throw new IllegalStateException(answer + " " + answer.body());
      }
      refusals += refused ? 1 : 0;
      again += told && refused ? 1 : 0;
      if (told && refused) {
        System.out.println(name + " " + answer.headers().map());
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
    return new Outcome(name, requests, refusals, again);
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
