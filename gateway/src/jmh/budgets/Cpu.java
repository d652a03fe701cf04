import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.CpuPerRequest;
import app.avalo.gateway.testing.GatewayProcess;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * CPU of the gateway process per forwarded request: charged to a budget that is leased from Redis
 * and written to a ledger on disk, against the same route without, in windows that take turns.
 * Where each request has an id of its own ({@code idempotencyKey}), Redis is asked twice for each;
 * that is compared with the same requests where nobody looks at their ids, and has no figure to
 * meet.
 */
final class Cpu {
  private static final double MUST = 0.03;

  /** Rounds between two lines. */
  private static final int TELL = 8;

  private static final String YAML =
      """
      name: budgets-cpu
      listeners: [{name: plain, address: "127.0.0.1:0"}]
      admin: {address: "127.0.0.1:0"}
      accessLog: {to: "off"}
      regions: {eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}}
      services: {up: {regions: {eu: "http://127.0.0.1:%d"}}}
      routes:
        - {name: free, match: {path: /free}, service: up}
        - {name: flat, match: {path: /flat}, service: up}
        - {name: told, match: {path: /told}, service: up}
        - {name: once, match: {path: /once}, service: up}
      budgets:
        flat: {amount: 1000000 PLN, routes: [flat], cost: {perRequest: 0.000100 PLN}}
        told: {amount: 1000000 PLN, routes: [told], cost: {header: X-Cost, reserve: 0.0001 PLN}}
        once:
          amount: 1000000 PLN
          routes: [once]
          cost: {header: X-Cost, reserve: 0.0001 PLN, idempotencyKey: Idempotency-Key}
      identity: {apiKeys: [{name: ada, key: "${env:NOT_SET:-key-of-ada-0123456789abcdef-not-secret}"}]}
      state: {directory: "%s", redis: {endpoints: ["%s"]}}
      """;

  /** For wrk: each request has an id that nobody had before, and a caller. */
  private static final String IDS =
      """
      local began, n = os.time(), 0
      request = function()
        n = n + 1
        wrk.headers["x-api-key"] = "key-of-ada-0123456789abcdef-not-secret"
        wrk.headers["idempotency-key"] = began .. "-" .. n
        return wrk.format()
      end
      """;

  private static final List<String> NAMED = List.of("once", "named");

  private final GatewayProcess gateway;
  private final String base;
  private final Path ids;

  private Cpu(GatewayProcess gateway, Path ids) {
    this.gateway = gateway;
    this.base = "http://127.0.0.1:" + gateway.port("plain") + "/";
    this.ids = ids;
  }

  /** Whether what a budget adds is within the figure. */
  static boolean measure(int rounds) throws Exception {
    Vertx vertx = Vertx.vertx();
    Path directory = Files.createTempDirectory("budgets-cpu-");
    try (RedisServer redis = RedisServer.start()) {
      int up =
          vertx
              .createHttpServer()
              .requestHandler(
                  request ->
                      request
                          .response()
                          .putHeader("X-Cost", "0.000075")
                          .end("x".repeat(1024)))
              .listen(0)
              .toCompletionStage()
              .toCompletableFuture()
              .join()
              .actualPort();
      Path yaml = directory.resolve("gateway.yaml");
      Files.writeString(yaml, YAML.formatted(up, directory.resolve("state"), redis.url()));
      List<String> options = List.of("-Xmx256m", "-XX:TieredStopAtLevel=4", "-XX:+UseSerialGC");
      String[] run = {"run", yaml.toString(), "--loops", "1"};
      Path ids = Files.writeString(directory.resolve("ids.lua"), IDS);
      try (GatewayProcess gateway = GatewayProcess.startWith(options, run)) {
        return new Cpu(gateway, ids).rounds(rounds);
      }
    } finally {
      vertx.close();
    }
  }

  /** Of one route; {@code named} is the free one with the requests of {@code once}. */
  private double micros(String route, int seconds) throws Exception {
    String[] options = NAMED.contains(route) ? new String[] {"-s", ids.toString()} : new String[0];
    String path = route.equals("named") ? "free" : route;
    return CpuPerRequest.micros(gateway.pid(), base + path, seconds, options);
  }

  private boolean rounds(int rounds) throws Exception {
    Map<String, List<Double>> added = new LinkedHashMap<>();
    for (String route : List.of("flat", "told", "once")) {
      added.put(route, new ArrayList<>());
    }
    for (String route : List.of("free", "flat", "told", "named", "once", "free")) {
      micros(route, 5);
    }
    boolean good = false;
    for (int round = 1; round <= rounds; round++) {
      double before = micros("free", 1);
      double flat = micros("flat", 1);
      double told = micros("told", 1);
      double without = (before + micros("free", 1)) / 2;
      added.get("flat").add(flat / without - 1);
      added.get("told").add(told / without - 1);
      double named = micros("named", 1);
      double once = micros("once", 1);
      named = (named + micros("named", 1)) / 2;
      added.get("once").add(once / named - 1);
      if (round % TELL == 0 || round == rounds) {
        System.out.printf(
            Locale.ROOT,
            "%d rounds; free: %.2f us of CPU, with ids %.2f%n",
            round,
            without,
            named);
        good = tell("flat", added.get("flat")) & tell("told", added.get("told"));
        tell("once", added.get("once"));
      }
    }
    return good;
  }

  private static boolean tell(String path, List<Double> added) {
    List<Double> all = added.stream().sorted().toList();
    int n = all.size();
    double median = (all.get((n - 1) / 2) + all.get(n / 2)) / 2;
    System.out.printf(
        Locale.ROOT,
        "%-6s %+.1f %% (quartiles %+.1f, %+.1f)  %s%n",
        path,
        100 * median,
        100 * all.get(n / 4),
        100 * all.get(n * 3 / 4),
        path.equals("once") ? "" : median <= MUST ? "ok" : "MISSED");
    return median <= MUST;
  }
}
