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
      budgets:
        flat: {amount: 1000000 PLN, routes: [flat], cost: {perRequest: 0.000100 PLN}}
        told: {amount: 1000000 PLN, routes: [told], cost: {header: X-Cost, reserve: 0.0001 PLN}}
      state: {directory: "%s", redis: {endpoints: ["%s"]}}
      """;

  private Cpu() {}

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
      try (GatewayProcess gateway = GatewayProcess.startWith(options, run)) {
        return rounds(gateway.pid(), "http://127.0.0.1:" + gateway.port("plain") + "/", rounds);
      }
    } finally {
      vertx.close();
    }
  }

  private static boolean rounds(long pid, String base, int rounds) throws Exception {
    Map<String, List<Double>> added = new LinkedHashMap<>();
    added.put("flat", new ArrayList<>());
    added.put("told", new ArrayList<>());
    for (String path : List.of("free", "flat", "told", "free")) {
      CpuPerRequest.micros(pid, base + path, 5);
    }
    double free = CpuPerRequest.micros(pid, base + "free", 1);
    boolean good = false;
    for (int round = 1; round <= rounds; round++) {
      double before = free;
      Map<String, Double> with = new LinkedHashMap<>();
      for (String path : added.keySet()) {
        with.put(path, CpuPerRequest.micros(pid, base + path, 1));
      }
      free = CpuPerRequest.micros(pid, base + "free", 1);
      double without = (before + free) / 2;
      with.forEach((path, micros) -> added.get(path).add(micros / without - 1));
      if (round % TELL == 0 || round == rounds) {
        System.out.printf(Locale.ROOT, "%d rounds; free: %.2f us of CPU%n", round, without);
        good = added.keySet().stream().filter(path -> tell(path, added.get(path))).count() == 2;
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
        median <= MUST ? "ok" : "MISSED");
    return median <= MUST;
  }
}
