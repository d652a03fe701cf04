import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.CpuPerRequest;
import app.avalo.gateway.testing.CpuPerRequest.Row;
import app.avalo.gateway.testing.SteadyLoad;
import app.avalo.gateway.testing.SteadyLoad.Question;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * CPU of the gateway process per forwarded request: charged to a budget that is leased from Redis
 * and written to a ledger on disk, against the same route without. {@code none} is a second route
 * without budget: what it adds is what the measurement is worth. In {@code once} each request has
 * an id of its own ({@code idempotencyKey}), so Redis is asked twice for each; that is compared
 * with the same requests where nobody looks at their ids, and has no figure to meet.
 */
final class Cpu {
  private static final double MUST = 0.03;
  private static final Question FREE = new Question("/free", "", null);
  private static final String KEY = "x-api-key: key-of-ada-0123456789abcdef-not-secret\r\n";
  private static final Question NAMED = new Question("/free", KEY, "idempotency-key");

  private static final List<Row> ROWS =
      List.of(
          row("none"),
          row("flat"),
          row("told"),
          new Row(
              "once",
              new Question("/once", KEY, "idempotency-key"),
              NAMED,
              Double.POSITIVE_INFINITY));

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
        - {name: none, match: {path: /none}, service: up}
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

  private Cpu() {}

  private static Row row(String name) {
    return new Row(name, new Question('/' + name, "", null), FREE, MUST);
  }

  /**
   * Whether what a budget adds is within the figure.
   *
   * @param names of rows, all if empty
   */
  static boolean measure(int seconds, List<String> names) throws Exception {
    List<Row> rows =
        ROWS.stream().filter(row -> names.isEmpty() || names.contains(row.name())).toList();
    Path directory = Files.createTempDirectory("budgets-cpu-");
    CpuPerRequest.makeRoom();
    try (RedisServer redis = RedisServer.start();
        SteadyLoad load = new SteadyLoad()) {
      int up = load.serve("x-cost: 0.000075\r\n");
      Path one = directory.resolve("one.yaml");
      Files.writeString(one, YAML.formatted(up, directory.resolve("one"), redis.url()));
      Path other = directory.resolve("other.yaml");
      Files.writeString(other, YAML.formatted(up, directory.resolve("other"), redis.url()));
      try (CpuPerRequest cpu = new CpuPerRequest(one, other, load, redis, rows)) {
        return cpu.compare(seconds);
      }
    }
  }
}
