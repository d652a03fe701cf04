import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.CpuPerRequest;
import app.avalo.gateway.testing.CpuPerRequest.Row;
import app.avalo.gateway.testing.SteadyLoad;
import app.avalo.gateway.testing.SteadyLoad.Question;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * CPU of the gateway process per forwarded request: with a limit, against the same route without.
 * {@code none} is a second route without limit: what it adds is what the measurement is worth. In
 * {@code exact} all callers share one key, so that one call of Redis decides for many of them; in
 * {@code each} everyone has a key, and only those who come in the same turn of the loop share a
 * call.
 */
final class Cpu {
  private static final Question OFF = new Question("/off", "", null);
  private static final List<Row> ROWS =
      List.of(
          row("none", 0.02),
          row("local", 0.02),
          row("leased", 0.04),
          row("exact", 0.25),
          row("each", 0.25));

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
        - {name: none, match: {path: /none}, service: up}
        - {name: local, match: {path: /local}, service: up, limits: [local]}
        - {name: leased, match: {path: /leased}, service: up, limits: [leased]}
        - {name: exact, match: {path: /exact}, service: up, limits: [exact]}
        - {name: each, match: {path: /each}, service: up, limits: [each]}
      limits:
        local: {key: address, rate: 1000000/s, mode: local}
        leased: {key: address, rate: 1000000/s, mode: leased}
        exact: {key: address, rate: 1000000/s, mode: exact}
        each: {key: header, header: X-Caller, rate: 1000000/s, mode: exact}
      state: {redis: {endpoints: ["%s"]}}
      """;

  private Cpu() {}

  private static Row row(String name, double must) {
    return new Row(name, new Question('/' + name, "", null), OFF, must);
  }

  public static void main(String[] arguments) throws Exception {
    int seconds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 120;
    List<String> names = List.of(arguments).subList(Math.min(1, arguments.length), arguments.length);
    List<Row> rows =
        ROWS.stream().filter(row -> names.isEmpty() || names.contains(row.name())).toList();
    boolean good;
    CpuPerRequest.makeRoom();
    try (RedisServer redis = RedisServer.start();
        SteadyLoad load = new SteadyLoad()) {
      Path yaml = Files.createTempDirectory("limits-cpu-").resolve("gateway.yaml");
      Files.writeString(yaml, YAML.formatted(load.serve(""), redis.url()));
      try (CpuPerRequest cpu = new CpuPerRequest(yaml, yaml, load, redis, rows)) {
        good = cpu.compare(seconds);
      }
    }
    System.exit(good ? 0 : 1);
  }
}
