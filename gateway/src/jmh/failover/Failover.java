import app.avalo.gateway.testing.GatewayProcess;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RegionProcess;
import app.avalo.gateway.testing.Relay;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What clients notice when a region is lost, measured from outside: regions and gateway are
 * processes of their own. Requests start on a schedule, whatever became of those before (open loop),
 * from three places, so a third of them is at home in the region that is lost.
 *
 * <p>Arguments: faults by name, none for all.
 */
final class Failover {
  private static final int PER_SECOND = 500;
  private static final int WARM_UP_SECONDS = 6;
  private static final int BEFORE_SECONDS = 2;
  private static final int AFTER_SECONDS = 6;
  private static final String[] HOMES = {"192.0.2.7", "198.51.100.7", "203.0.113.7"};

  private static final String YAML =
      """
      name: failover
      listeners: [{name: plain, address: "127.0.0.1:%d"}]
      admin: {address: "127.0.0.1:0"}
      trustedHops: [127.0.0.0/8]
      accessLog: {to: "off"}
      regions:
        eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
        us: {index: 1, place: San Francisco, latitude: 37.8, longitude: -122.4}
        asia: {index: 2, place: Tokyo, latitude: 35.7, longitude: 139.7}
      services:
        feed:
          retry: {statuses: [500, 502, 503, 504]}
          regions: {eu: "http://127.0.0.1:%d", us: "http://127.0.0.1:%d", asia: "http://127.0.0.1:%d"}
      routes:
        - {name: all, match: {path: {prefix: /}}, service: feed}
      placing:
        ranges:
          - {block: 192.0.2.0/24, latitude: 52.5, longitude: 13.4}
          - {block: 198.51.100.0/24, latitude: 37.8, longitude: -122.4}
          - {block: 203.0.113.0/24, latitude: 35.7, longitude: 139.7}
      """;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** Something that happens to the region eu, and what clients may notice of it. */
  private enum Fault {
    KILL("kill", "GET", "0 failed, <= 300 ms, last <= 200 ms", world -> world.eu.kill()),
    STOP("stop", "GET", "0 failed, <= 1500 ms", world -> world.eu.stop()),
    BLACK_HOLE("blackhole", "GET", "0 failed, <= 1500 ms", world -> world.road.swallow()),
    ERROR_500("500", "GET", "0 failed", world -> world.eu.mode(Mode.ERROR_500)),
    SLOW("slow", "GET", "0 failed", World::slow),
    MID_BODY("midbody", "GET", "0 failed", world -> world.eu.mode(Mode.RESET_MID_BODY)),
    CLOSE("close", "GET", "0 failed", world -> world.eu.mode(Mode.ACCEPT_AND_CLOSE)),
    POST("post", "POST", "0 twice, 0 lost", world -> world.eu.kill()),
    OUTAGE("outage", "GET", "<= 1.20 upstream requests each", World::outage);

    private final String name;
    private final String method;
    private final String must;
    private final Consumer<World> cause;

    Fault(String name, String method, String must, Consumer<World> cause) {
      this.name = name;
      this.method = method;
      this.must = must;
      this.cause = cause;
    }

    /** Whether what was seen is what had to be. */
    boolean isMet(Seen seen) {
      return switch (this) {
        case KILL -> seen.failed == 0 && seen.slowestMillis <= 300 && seen.lastMillis <= 200;
        case STOP, BLACK_HOLE -> seen.failed == 0 && seen.slowestMillis <= 1500;
        case ERROR_500, SLOW, MID_BODY, CLOSE -> seen.failed == 0;
        case POST -> seen.twice == 0 && seen.lost == 0;
        case OUTAGE -> seen.perRequest <= 1.2;
      };
    }
  }

  /** One request; written when it is over. */
  private static final class Call {
    private final String id;
    private final long startNanos;
    private long tookNanos = -1;
    private String region = "";
    private int status;

    Call(String id, long startNanos) {
      this.id = id;
      this.startNanos = startNanos;
    }
  }

  /** What came of a fault. */
  private record Seen(
      int requests,
      long failed,
      long slowestMillis,
      long lastMillis,
      long twice,
      long lost,
      double perRequest) {}

  /** Three regions and a gateway. */
  private static final class World implements AutoCloseable {
    private final RegionProcess eu = RegionProcess.start("eu");
    private final RegionProcess us = RegionProcess.start("us");
    private final RegionProcess asia = RegionProcess.start("asia");
    private final Relay road;
    private final Path file;
    private final GatewayProcess gateway;
    private final int port;

    World(boolean relayed) throws IOException {
      road = Relay.to(eu.port());
      int first = relayed ? road.port() : eu.port();
      file = Files.createTempFile("failover-", ".yaml");
      Files.writeString(file, YAML.formatted(freePort(), first, us.port(), asia.port()));
      gateway = GatewayProcess.startWith(List.of("-Xmx256m"), "run", file.toString());
      port = gateway.port("plain");
    }

    /** With a port that the system chooses each event loop would have one of its own. */
    private static int freePort() throws IOException {
      try (ServerSocket free = new ServerSocket(0)) {
        return free.getLocalPort();
      }
    }

    void slow() {
      eu.delay(Duration.ofSeconds(2));
      eu.mode(Mode.DELAY);
    }

    void outage() {
      Stream.of(eu, us, asia).forEach(region -> region.mode(Mode.ERROR_503));
    }

    /** How often each request arrived at a region. */
    Map<String, Integer> arrivals() {
      Map<String, Integer> arrivals = new HashMap<>();
      for (RegionProcess region : List.of(eu, us, asia)) {
        region.ids().forEach(id -> arrivals.merge(id, 1, Integer::sum));
      }
      return arrivals;
    }

    @Override
    public void close() throws IOException {
      gateway.close();
      road.close();
      eu.close();
      us.close();
      asia.close();
      Files.delete(file);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Set<String> chosen = Set.of(arguments);
    System.out.printf("%d requests/s, three regions, the fault after %d s%n", PER_SECOND, BEFORE_SECONDS);
    System.out.printf(
        "%-10s %8s %7s %9s %9s %6s %5s %7s  %s%n",
        "fault", "requests", "failed", "slowest", "last", "twice", "lost", "per req", "must");
    boolean good = true;
    for (Fault fault : Fault.values()) {
      if (chosen.isEmpty() || chosen.contains(fault.name)) {
        good &= new Failover().show(fault);
      }
    }
    System.exit(good ? 0 : 1);
  }

  private boolean show(Fault fault) throws Exception {
    Seen seen = run(fault);
    boolean met = fault.isMet(seen);
    System.out.printf(
        "%-10s %8d %7d %6d ms %6d ms %6d %5d %7.3f  %s%s%n",
        fault.name,
        seen.requests,
        seen.failed,
        seen.slowestMillis,
        seen.lastMillis,
        seen.twice,
        seen.lost,
        seen.perRequest,
        fault.must,
        met ? "" : "  MISSED");
    return met;
  }

  private Seen run(Fault fault) throws Exception {
    try (World world = new World(fault == Fault.BLACK_HOLE)) {
      // Cold code is slow code; what follows is about regions, not about compilers.
      load(world, "GET", "warm-up-", WARM_UP_SECONDS, () -> {});
      long[] faultNanos = {0};
      List<Call> calls =
          load(
              world,
              fault.method,
              "call-",
              BEFORE_SECONDS + AFTER_SECONDS,
              () -> {
                faultNanos[0] = System.nanoTime();
                fault.cause.accept(world);
              });
      return seen(calls, world.arrivals(), faultNanos[0]);
    }
  }

  private static Seen seen(List<Call> calls, Map<String, Integer> arrivals, long faultNanos) {
    long failed = calls.stream().filter(call -> call.status != 200).count();
    long slowest = calls.stream().mapToLong(call -> call.tookNanos).max().orElse(0);
    long last =
        calls.stream()
            .filter(call -> call.region.equals("eu"))
            .mapToLong(call -> call.startNanos - faultNanos)
            .max()
            .orElse(0);
    long twice = calls.stream().filter(call -> arrivals.getOrDefault(call.id, 0) > 1).count();
    // Answered well without having arrived, or neither answered nor refused.
    long lost =
        calls.stream()
            .filter(
                call ->
                    call.tookNanos < 0
                        || call.status == 200 && !arrivals.containsKey(call.id))
            .count();
    List<Call> after = calls.stream().filter(call -> call.startNanos > faultNanos).toList();
    long arrived = after.stream().mapToLong(call -> arrivals.getOrDefault(call.id, 0)).sum();
    return new Seen(
        calls.size(),
        failed,
        TimeUnit.NANOSECONDS.toMillis(slowest),
        TimeUnit.NANOSECONDS.toMillis(Math.max(0, last)),
        twice,
        lost,
        after.isEmpty() ? 0 : (double) arrived / after.size());
  }

  /** Sends for so many seconds, causes the fault on the way, and waits for every answer. */
  private List<Call> load(World world, String method, String ids, int seconds, Runnable fault)
      throws InterruptedException {
    int requests = PER_SECOND * seconds;
    CountDownLatch open = new CountDownLatch(requests);
    List<Call> calls = Collections.synchronizedList(new ArrayList<>());
    Thread faults =
        new Thread(
            () -> {
              LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(BEFORE_SECONDS));
              fault.run();
            });
    faults.start();
    long start = System.nanoTime();
    for (int sent = 0; sent < requests; sent++) {
      long dueNanos = start + sent * 1_000_000_000L / PER_SECOND;
      while (System.nanoTime() < dueNanos) {
        LockSupport.parkNanos(dueNanos - System.nanoTime());
      }
      Call call = new Call(ids + sent, System.nanoTime());
      calls.add(call);
      send(world.port, method, call, HOMES[sent % HOMES.length], open);
    }
    open.await(40, TimeUnit.SECONDS);
    faults.join();
    return List.copyOf(calls);
  }

  private void send(int port, String method, Call call, String home, CountDownLatch open) {
    boolean body = method.equals("POST");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/feed"))
            .timeout(Duration.ofSeconds(35))
            .header("X-Forwarded-For", home)
            .header("X-Test-Id", call.id)
            .method(
                method,
                body
                    ? HttpRequest.BodyPublishers.ofString("once")
                    : HttpRequest.BodyPublishers.noBody())
            .build();
    client
        .sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
        .whenComplete(
            (answer, failure) -> {
              if (answer != null) {
                call.status = answer.statusCode();
                call.region = answer.headers().firstValue("X-Region").orElse("");
              }
              call.tookNanos = System.nanoTime() - call.startNanos;
              open.countDown();
            });
  }
}
