import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.CpuPerRequest;
import app.avalo.gateway.testing.GatewayProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * CPU of the gateway process per forwarded request: with a limit, against the same route without,
 * in short windows that take turns, so that neighbours slow both alike; the gateway has a processor
 * for itself. {@code none} is a second route without limit: what it adds is what the measurement is
 * worth. In {@code exact} all callers share one key, so that one call of Redis decides for many of
 * them; in {@code each} everyone has a key, and only those who come in the same turn of the loop
 * share a call. What the compiler of the machine takes does not count: it is not of requests.
 */
final class Cpu {
  private static final Map<String, Double> MUST = new LinkedHashMap<>();
  private static final int CALLERS = 64;
  private static final long WINDOW_NANOS = 150_000_000;
  private static final long PRINT_NANOS = 30_000_000_000L;
  private static final long SETTLING_NANOS = 15_000_000; // requests of the window before end

  static {
    MUST.put("none", 0.02);
    MUST.put("local", 0.02);
    MUST.put("leased", 0.04);
    MUST.put("exact", 0.25);
    MUST.put("each", 0.25);
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

  private final long pid;
  private final Load load;
  private final RedisServer redis;
  private final Map<String, Double> calls = new LinkedHashMap<>(); // of Redis, per request

  private Cpu(GatewayProcess gateway, Load load, RedisServer redis) {
    this.redis = redis;
    this.load = load;
    pid = gateway.pid();
  }

  public static void main(String[] arguments) throws Exception {
    int seconds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 120;
    if (arguments.length > 1) {
      MUST.keySet().retainAll(List.of(arguments).subList(1, arguments.length));
    }
    boolean good;
    CpuPerRequest.keepTo(1, ProcessHandle.current().pid()); // Redis too, and all else
    try (RedisServer redis = RedisServer.start();
        Load load = new Load()) {
      int up = load.serve();
      Path yaml = Files.createTempDirectory("limits-cpu-").resolve("gateway.yaml");
      Files.writeString(yaml, YAML.formatted(up, redis.url()));
      List<String> options = List.of("-Xmx256m", "-XX:TieredStopAtLevel=4", "-XX:+UseSerialGC");
      try (GatewayProcess gateway =
          GatewayProcess.startWith(options, "run", yaml.toString(), "--loops", "1")) {
        CpuPerRequest.keepTo(0, gateway.pid());
        Cpu cpu = new Cpu(gateway, load, redis);
        load.path("/off");
        for (int i = 0; i < CALLERS; i++) {
          load.call(gateway.port("plain"), "caller-" + i);
        }
        cpu.warm();
        good = cpu.compare(seconds);
      }
    }
    System.exit(good ? 0 : 1);
  }

  /** Until what the compiler does has become little. */
  private void warm() throws IOException {
    for (int i = 0; i < 12; i++) {
      window("off", 500_000_000);
      for (String mode : MUST.keySet()) {
        window(mode, 500_000_000);
      }
    }
  }

  private boolean compare(int seconds) throws IOException {
    for (String mode : MUST.keySet()) {
      long scripts = scripts();
      long requests = load.answered();
      window(mode, 500_000_000);
      calls.put(mode, (double) (scripts() - scripts) / (load.answered() - requests));
    }
    Map<String, List<Double>> added = new LinkedHashMap<>();
    MUST.keySet().forEach(mode -> added.put(mode, new ArrayList<>()));
    List<Double> off = new ArrayList<>();
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    double before = window("off", WINDOW_NANOS);
    for (long next = System.nanoTime() + PRINT_NANOS; System.nanoTime() < end; ) {
      for (String mode : MUST.keySet()) {
        double with = window(mode, WINDOW_NANOS);
        double after = window("off", WINDOW_NANOS);
        added.get(mode).add(2 * with / (before + after) - 1);
        off.add(after);
        before = after;
      }
      if (System.nanoTime() > next) {
        next += PRINT_NANOS;
        print(off, added);
      }
    }
    return print(off, added);
  }

  private long scripts() throws IOException {
    Matcher count =
        Pattern.compile("cmdstat_evalsha:calls=(\\d+)").matcher(redis.command("INFO commandstats"));
    return count.find() ? Long.parseLong(count.group(1)) : 0;
  }

  private boolean print(List<Double> off, Map<String, List<Double>> added) {
    boolean good = true;
    System.out.printf(
        Locale.ROOT, "%-46s %.2f us of CPU per request, %d windows%n",
        "no limit", quantile(off, 0.5), off.size());
    for (Map.Entry<String, Double> must : MUST.entrySet()) {
      List<Double> all = added.get(must.getKey());
      double median = quantile(all, 0.5);
      good &= median <= must.getValue();
      System.out.printf(
          Locale.ROOT,
          "%-46s %+.1f %% (quartiles %+.1f, %+.1f), %.2f calls of Redis a request  %s%n",
          must.getKey(),
          100 * median,
          100 * quantile(all, 0.25),
          100 * quantile(all, 0.75),
          calls.get(must.getKey()),
          median <= must.getValue() ? "ok" : "MISSED");
    }
    return good;
  }

  private static double quantile(List<Double> all, double share) {
    return all.stream().sorted().toList().get((int) (share * (all.size() - 1)));
  }

  /** Microseconds of CPU per request while all callers use one route. */
  private double window(String mode, long nanos) throws IOException {
    load.path("/" + mode);
    LockSupport.parkNanos(SETTLING_NANOS);
    long cpu = CpuPerRequest.cpuNanos(pid);
    long requests = load.answered();
    LockSupport.parkNanos(nanos);
    long spent = CpuPerRequest.cpuNanos(pid) - cpu;
    requests = load.answered() - requests;
    return spent / 1000.0 / Math.max(1, requests); // none while the machine is very young
  }
}
