import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.CpuPerRequest;
import app.avalo.gateway.testing.GatewayProcess;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
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
  private final int port;
  private final HttpClient client;
  private final RedisServer redis;
  private final Map<String, Double> calls = new LinkedHashMap<>(); // of Redis, per request
  private final AtomicLong answered = new AtomicLong();
  private volatile String path = "/off";
  private volatile String failed = "";

  private Cpu(GatewayProcess gateway, Vertx vertx, RedisServer redis) {
    this.redis = redis;
    pid = gateway.pid();
    port = gateway.port("plain");
    client =
        vertx.createHttpClient(new PoolOptions().setHttp1MaxSize(CALLERS).setEventLoopSize(1));
  }

  public static void main(String[] arguments) throws Exception {
    int seconds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 120;
    boolean good;
    CpuPerRequest.keepTo(1, ProcessHandle.current().pid()); // Redis too, and all else
    Vertx vertx = Vertx.vertx();
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
      Path yaml = Files.createTempDirectory("limits-cpu-").resolve("gateway.yaml");
      Files.writeString(yaml, YAML.formatted(up, redis.url()));
      List<String> options = List.of("-Xmx256m", "-XX:TieredStopAtLevel=4", "-XX:+UseSerialGC");
      try (GatewayProcess gateway =
          GatewayProcess.startWith(options, "run", yaml.toString(), "--loops", "1")) {
        CpuPerRequest.keepTo(0, gateway.pid());
        Cpu cpu = new Cpu(gateway, vertx, redis);
        for (int i = 0; i < CALLERS; i++) {
          cpu.call("caller-" + i);
        }
        cpu.warm();
        good = cpu.compare(seconds);
      }
    } finally {
      vertx.close();
    }
    System.exit(good ? 0 : 1);
  }

  /** One caller, who asks again as soon as there is an answer. */
  private void call(String name) {
    client
        .request(HttpMethod.GET, port, "127.0.0.1", path)
        .compose(request -> request.putHeader("X-Caller", name).send())
        .compose(response -> response.body().map(body -> response.statusCode()))
        .onComplete(
            (status, failure) -> {
              if (status == null || status != 200) {
                failed = status == null ? String.valueOf(failure) : "status " + status;
                return;
              }
              answered.incrementAndGet();
              call(name);
            });
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
      long requests = answered.get();
      window(mode, 500_000_000);
      calls.put(mode, (double) (scripts() - scripts) / (answered.get() - requests));
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
    path = "/" + mode;
    LockSupport.parkNanos(SETTLING_NANOS);
    long cpu = CpuPerRequest.cpuNanos(pid);
    long requests = answered.get();
    LockSupport.parkNanos(nanos);
    long spent = CpuPerRequest.cpuNanos(pid) - cpu;
    requests = answered.get() - requests;
    if (!failed.isEmpty()) {
      throw new IllegalStateException(failed);
    }
    return spent / 1000.0 / Math.max(1, requests); // none while the machine is very young
  }
}
