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
 * CPU of the gateway process per forwarded request: with a limit, against the same route without,
 * in windows that take turns.
 */
final class Cpu {
  private static final Map<String, Double> MUST = new LinkedHashMap<>();

  static {
    MUST.put("local", 0.02);
    MUST.put("leased", 0.04);
    MUST.put("exact", 0.25);
  }

  private static final String YAML =
      """
      name: limits-cpu
      listeners: [{name: plain, address: "127.0.0.1:0"}]
      admin: {address: "127.0.0.1:0"}
      accessLog: {to: "off"}
      regions: {eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}}
      services: {up: {regions: {eu: "http://127.0.0.1:%d"}}}
      routes:
        - {name: off, match: {path: /off}, service: up}
        - {name: local, match: {path: /local}, service: up, limits: [local]}
        - {name: leased, match: {path: /leased}, service: up, limits: [leased]}
        - {name: exact, match: {path: /exact}, service: up, limits: [exact]}
      limits:
        local: {key: address, rate: 1000000/s, mode: local}
        leased: {key: address, rate: 1000000/s, mode: leased}
        exact: {key: address, rate: 1000000/s, mode: exact}
      state: {redis: {endpoints: ["%s"]}}
      """;

  private Cpu() {}

  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20;
    boolean missed = false;
    Vertx vertx = Vertx.vertx();
    Path directory = Files.createTempDirectory("limits-cpu-");
    try (RedisServer redis = RedisServer.start()) {
      int up =
          vertx
              .createHttpServer()
              .requestHandler(request -> request.response().end("x".repeat(1024)))
              .listen(0)
              .toCompletionStage()
              .toCompletableFuture()
              .join()
              .actualPort();
      Path yaml = directory.resolve("gateway.yaml");
      Files.writeString(yaml, YAML.formatted(up, redis.url()));
      List<String> options = List.of("-Xmx256m", "-XX:TieredStopAtLevel=4", "-XX:+UseSerialGC");
      String[] run = {"run", yaml.toString(), "--loops", "1"};
      try (GatewayProcess gateway = GatewayProcess.startWith(options, run)) {
        String base = "http://127.0.0.1:" + gateway.port("plain") + "/";
        Map<String, List<Double>> added = new LinkedHashMap<>();
        MUST.keySet().forEach(mode -> added.put(mode, new ArrayList<>()));
        for (String mode : List.of("off", "local", "leased", "exact")) {
          CpuPerRequest.micros(gateway.pid(), base + mode, 5);
        }
        double off = 0;
        for (int i = 0; i < rounds; i++) {
          double before = CpuPerRequest.micros(gateway.pid(), base + "off", 1);
          Map<String, Double> with = new LinkedHashMap<>();
          for (String mode : MUST.keySet()) {
            with.put(mode, CpuPerRequest.micros(gateway.pid(), base + mode, 1));
          }
          double without = (before + CpuPerRequest.micros(gateway.pid(), base + "off", 1)) / 2;
          off += without / rounds;
          with.forEach((mode, micros) -> added.get(mode).add(micros / without - 1));
        }
        System.out.printf(Locale.ROOT, "%-46s %.2f us of CPU per request%n", "no limit", off);
        for (Map.Entry<String, Double> must : MUST.entrySet()) {
          List<Double> all = added.get(must.getKey()).stream().sorted().toList();
          double median = (all.get((rounds - 1) / 2) + all.get(rounds / 2)) / 2;
          boolean good = median <= must.getValue();
          missed |= !good;
          System.out.printf(
              Locale.ROOT,
              "%-46s %+.1f %% (quartiles %+.1f, %+.1f)  %s%n",
              must.getKey(),
              100 * median,
              100 * all.get(rounds / 4),
              100 * all.get(rounds * 3 / 4),
              good ? "ok" : "MISSED");
        }
      }
    }
    vertx.close();
    System.exit(missed ? 1 : 0);
  }
}
