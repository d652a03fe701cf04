import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.GatewayProcess;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Gateways and a Redis, each a process, and a client that does not wait for answers. */
final class Site implements AutoCloseable {
  static final long BOUND_MICROS = 20_000;
  static final List<String> LIMITS = List.of("exact", "leased");

  // Little and often, by one thread: a pause is a wait that is none of the limit's, and the longer
  // the more memory it touches that lay idle.
  private static final List<String> MACHINE =
      List.of("-Xms64m", "-Xmn16m", "-XX:+UseSerialGC", "-XX:MetaspaceSize=64m");
  // Sixteen that start together would wait for two processors until somebody's patience ends.
  private static final int STARTED_AT_ONCE = 4;
  private static final int FREE_EVERY = 4;
  // More would wait for a connection, and nobody would know when they were sent.
  private static final int MOST_OPEN = 512;
  private static final Pattern LINE =
      Pattern.compile(
          "\"time\":\"(?<time>[^\"]+)\".*\"path\":\"/\\w+/(?<limit>\\w+)/(?<sent>\\d+)\".*\"status\":(?<status>\\d+).*\"duration_ms\":(?<took>[0-9.]+)");
  private static final String YAML =
      """
      name: limits-%d
      listeners: [{name: plain, address: "127.0.0.1:0"}]
      admin: {address: "127.0.0.1:0"}
      accessLog: {to: "%s"}
      regions: {eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}}
      services: {none: {regions: {eu: "http://127.0.0.1:9"}}}
      routes:
        - {name: exact, match: {path: {prefix: /exact/exact}}, respond: {body: ok}, limits: [exact]}
        - {name: leased, match: {path: {prefix: /leased/leased}}, respond: {body: ok}, limits: [leased]}
        - {name: free, match: {path: {prefix: /free}}, respond: {body: ok}}
        - {name: warm-exact, match: {path: {prefix: /exact/warm}}, respond: {body: ok}, limits: [exact]}
        - {name: warm-leased, match: {path: {prefix: /leased/warm}}, respond: {body: ok}, limits: [leased]}
      limits:
        exact: {key: route, rate: 1000/s, mode: exact}
        leased: {key: route, rate: 1000/s, mode: leased}
      state: {redis: {endpoints: ["redis://127.0.0.1:%d"], deadline: 20ms, replicas: %d}}
      """;

  /** When a request was admitted: some time between these, in microseconds since 1970. */
  record Admission(long fromMicros, long untilMicros) {}

  /**
   * How long a gateway had a request, and when it was answered.
   *
   * @param starved microseconds of these in which its loop had no processor, or around them
   */
  record Wait(long atMicros, long micros, long starved) {}

  /**
   * What a client has sent.
   *
   * @param startMicros since 1970
   * @param late the most that a request was sent after it was due
   * @param served what the first gateway admitted, as the client saw it
   * @param processors that the gateways had to wait for
   * @param waits of the gateways, from their logs
   * @param free likewise, of requests in between for which there is no limit
   */
  record Run(
      String limit,
      long startMicros,
      Duration span,
      Duration late,
      long requests,
      List<Admission> served,
      Processors processors,
      List<Wait> waits,
      List<Wait> free) {}

  private final Path directory = Files.createTempDirectory("limits-");
  private final RedisServer redis = RedisServer.start();
  private final List<GatewayProcess> gateways = new ArrayList<>();
  private final int[] ports;
  private final boolean[] dead;
  private final double[] reach; // summed shares of the load
  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client =
      vertx.createHttpClient(new PoolOptions().setHttp1MaxSize(32).setEventLoopSize(1));

  /**
   * All of them running.
   *
   * @param count of gateways
   * @param loss on the gateways' way to Redis, or null
   */
  Site(int count, LossyRoad.@Nullable Loss loss) throws IOException {
    ports = new int[count];
    dead = new boolean[count];
    reach = new double[count];
    int port = loss == null ? redis.port() : LossyRoad.open(vertx, redis.port(), loss);
    for (int i = 0; i < count; i++) {
      Path yaml = directory.resolve("gateway" + i + ".yaml");
      Files.writeString(yaml, YAML.formatted(i, log(i), port, count));
      gateways.add(GatewayProcess.startWith(MACHINE, "run", yaml.toString(), "--loops", "1"));
      reach[i] = (i == 0 ? 0 : reach[i - 1]) + 1.0 / (i + 1);
      if (gateways.size() % STARTED_AT_ONCE == 0 || i == count - 1) {
        for (int at = i / STARTED_AT_ONCE * STARTED_AT_ONCE; at <= i; at++) {
          ports[at] = gateways.get(at).port("plain");
        }
      }
    }
  }

  private Path log(int gateway) {
    return directory.resolve("access" + gateway + ".log");
  }

  RedisServer redis() {
    return redis;
  }

  /** A gateway dies with all that it holds; its callers go to the others. */
  void kill(int gateway) {
    dead[gateway] = true;
    gateways.get(gateway).close();
  }

  void sleep(Duration span) {
    LockSupport.parkNanos(span.toNanos());
  }

  /**
   * As much as is measured later, on a route of its own: young machines compile and load. Evenly, or
   * the idlest of many would be young still.
   */
  void warm(String limit, double perSecond, Duration span) {
    Random random = new Random(1);
    load(limit, perSecond, span, "warm", () -> random.nextInt(ports.length));
  }

  /**
   * Offers requests, unevenly among the gateways (Zipf), whatever becomes of those before. Beside
   * some of them goes one to the same gateway for which there is no limit: what that one waits, the
   * machine makes it wait.
   */
  Run load(String limit, double perSecond, Duration span, String path) {
    Random random = new Random(1);
    return load(limit, perSecond, span, path, () -> zipf(random));
  }

  private Run load(
      String limit, double perSecond, Duration span, String path, IntSupplier gateways) {
    ConcurrentLinkedQueue<Admission> served = new ConcurrentLinkedQueue<>();
    AtomicLong open = new AtomicLong();
    String prefix = "/" + limit + "/" + path + "/"; // and when it was sent, for the log
    Processors processors =
        new Processors(this.gateways.stream().map(GatewayProcess::pid).toList());
    long startMicros = Processors.micros();
    long start = System.nanoTime();
    long requests = 0;
    long latest = 0;
    long end = start + span.toNanos();
    // What starved processors do not get sent within the span is not sent.
    for (long due = start;
        due < end && System.nanoTime() < end;
        due = start + (long) (++requests * 1e9 / perSecond)) {
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      while (open.get() >= MOST_OPEN) {
        LockSupport.parkNanos(100_000);
      }
      latest = Math.max(latest, System.nanoTime() - due);
      int gateway = gateways.getAsInt();
      long sent = Processors.micros();
      ask(gateway, prefix + sent, open)
          .onSuccess(
              status -> {
                // The log of who is killed lacks its last lines.
                if (gateway == 0 && status == 200) {
                  served.add(new Admission(sent, Processors.micros()));
                }
              });
      if (requests % FREE_EVERY == 0) {
        ask(gateway, "/free/" + (path.equals(limit) ? "free/" : "warm/") + sent, open);
      }
    }
    while (open.get() > 0) {
      LockSupport.parkNanos(1_000_000);
    }
    Duration took = Duration.ofNanos(System.nanoTime() - start); // more than asked where starved
    Duration late = Duration.ofNanos(latest);
    processors.close();
    return new Run(
        path,
        startMicros,
        took,
        late,
        requests,
        List.copyOf(served),
        processors,
        new ArrayList<>(),
        new ArrayList<>());
  }

  private Future<Integer> ask(int gateway, String path, AtomicLong open) {
    open.incrementAndGet();
    return client
        .request(HttpMethod.GET, ports[gateway], "127.0.0.1", path)
        .compose(request -> request.send())
        .compose(response -> response.body().map(body -> response.statusCode()))
        .onComplete((status, failure) -> open.decrementAndGet());
  }

  private int zipf(Random random) {
    while (true) {
      int at = Arrays.binarySearch(reach, random.nextDouble() * reach[reach.length - 1]);
      int gateway = at < 0 ? -at - 1 : at;
      if (!dead[gateway]) {
        return gateway;
      }
    }
  }

  long redisCalls() throws IOException {
    Matcher calls =
        Pattern.compile("cmdstat_evalsha:calls=(\\d+)").matcher(redis.command("INFO commandstats"));
    return calls.find() ? Long.parseLong(calls.group(1)) : 0;
  }

  /** Connections that gateways have to Redis. */
  long redisClients() throws IOException {
    Matcher clients =
        Pattern.compile("connected_clients:(\\d+)").matcher(redis.command("INFO clients"));
    return clients.find() ? Long.parseLong(clients.group(1)) - 1 : 0; // without the one that asks
  }

  /** Decisions about a limit that its gateways made without Redis, by their metrics. */
  long withoutRedis(String limit) throws IOException {
    Pattern decided =
        Pattern.compile(
            "gateway_limit_decided_by_total\\{by=\"local-share\",policy=\"" + limit + "\"} ([0-9.E]+)");
    long sum = 0;
    for (int i = 0; i < ports.length; i++) {
      if (!dead[i]) {
        URI metrics = URI.create("http://127.0.0.1:" + gateways.get(i).port("admin") + "/metrics");
        try (InputStream answer = metrics.toURL().openStream()) {
          Matcher line = decided.matcher(new String(answer.readAllBytes(), StandardCharsets.UTF_8));
          sum += line.find() ? (long) Double.parseDouble(line.group(1)) : 0;
        }
      }
    }
    return sum;
  }

  /** What the gateways admitted in a run, by their logs; their waits are added to the run. */
  List<Admission> admitted(Run run, String limit) throws IOException {
    List<Admission> admitted = new ArrayList<>();
    long lines = 0;
    long last = -1;
    // Lines are written behind the answers.
    while (lines != last) {
      last = lines;
      sleep(Duration.ofMillis(500));
      admitted.clear();
      run.waits().clear();
      run.free().clear();
      lines = 0;
      for (int i = 0; i < ports.length; i++) {
        lines += read(i, limit, run, admitted);
      }
    }
    if (dead[0]) {
      admitted.addAll(run.served());
    } else if (lines != run.requests()) {
      throw new IllegalStateException(lines + " lines of " + run.requests() + " requests");
    }
    return admitted;
  }

  private long read(int gateway, String limit, Run run, List<Admission> admitted) throws IOException {
    long found = 0;
    for (String text : Files.readAllLines(log(gateway))) {
      Matcher line = LINE.matcher(text);
      if (!line.find()) {
        continue;
      }
      long end = Instant.parse(line.group("time")).toEpochMilli() * 1000;
      long took = Math.round(Double.parseDouble(line.group("took")) * 1000);
      long starved = took <= BOUND_MICROS ? 0 : run.processors().waited(gateway, end - took, end);
      if (line.group("limit").equals("free")) {
        run.free().add(new Wait(end, took, starved));
      } else if (line.group("limit").equals(limit)) {
        found++;
        run.waits().add(new Wait(end, took, starved));
        // A line's time is read after the answer, cut to a millisecond, and how long after nobody
        // knows; so what was admitted was so since the client sent it, and before that time.
        if (line.group("status").equals("200") && !dead[gateway]) {
          admitted.add(new Admission(Long.parseLong(line.group("sent")), end + 1000));
        }
      }
    }
    return found;
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
    gateways.forEach(GatewayProcess::close);
    redis.close();
  }
}
