import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;

/**
 * Mixed traffic through a gateway process for minutes, and what is left of it in the process
 * afterwards. Exits 1 if heap, sockets or direct memory grew, if a buffer leaked (Netty's paranoid
 * detection), or if an answer was not what it had to be.
 *
 * <p>Arguments: the gateway's jar, the WebSocket upstream's source, seconds of traffic.
 */
final class Soak {
  private static final int WORKERS = 12;
  private static final int WARM_UP_SECONDS = 30;
  private static final long HEAP_GROWTH = 6 << 20;
  private static final long DIRECT_GROWTH = 16 << 20;
  private static final long SOCKET_GROWTH = 8;

  private final Map<String, AtomicLong> done = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> wrong = new ConcurrentHashMap<>();
  private final List<Clients.Scenario> scenarios;

  private Soak(List<Clients.Scenario> scenarios) {
    this.scenarios = scenarios;
  }

  public static void main(String[] arguments) throws Exception {
    int seconds = Integer.parseInt(arguments[2]);
    Path directory = Files.createTempDirectory("soak-");
    SSLContext trust = Certificates.write(directory);
    Process webSockets = new ProcessBuilder(GatewayProcess.java("java"), "-Xmx64m", arguments[1]).start();
    HttpServer service = Service.start();
    HttpServer cutting = Service.start();
    GatewayProcess gateway = null;
    boolean good = false;
    try {
      int port = Integer.parseInt(webSockets.inputReader().readLine());
      gateway = new GatewayProcess(directory, arguments[0], service.getAddress().getPort(), cutting.getAddress().getPort(), port);
      int[] ports = gateway.ports();
      Soak soak = new Soak(new Clients(ports[0], ports[1], trust).scenarios());
      soak.traffic(WARM_UP_SECONDS);
      GatewayProcess.Holdings before = gateway.holdings();
      soak.traffic(seconds);
      good = soak.report(before, gateway.holdings(), gateway.log());
    } finally {
      service.stop(0);
      cutting.stop(0);
      webSockets.destroy();
      if (gateway != null) {
        gateway.stop();
      }
    }
    System.exit(good ? 0 : 1);
  }

  private void traffic(int seconds) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < WORKERS; i++) {
      Random random = new Random(i);
      Thread worker =
          new Thread(
              () -> {
                while (System.nanoTime() < end) {
                  play(scenarios.get(random.nextInt(scenarios.size())), random);
                }
              });
      worker.start();
      workers.add(worker);
    }
    for (Thread worker : workers) {
      worker.join();
    }
  }

  private void play(Clients.Scenario scenario, Random random) {
    try {
      scenario.step().play(random);
      count(done, scenario.name());
    } catch (Exception | AssertionError failed) {
      count(wrong, scenario.name() + ": " + failed);
    }
  }

  private static void count(Map<String, AtomicLong> counters, String name) {
    counters.computeIfAbsent(name, first -> new AtomicLong()).incrementAndGet();
  }

  private boolean report(
      GatewayProcess.Holdings before, GatewayProcess.Holdings after, Path log) throws IOException {
    new TreeMap<>(done).forEach((name, times) -> System.out.printf("%9d %s%n", times.get(), name));
    new TreeMap<>(wrong).forEach((what, times) -> System.out.printf("WRONG %d x %s%n", times.get(), what));
    boolean good = wrong.isEmpty();
    good &= line("heap after GC, KiB", before.heap() >> 10, after.heap() >> 10, HEAP_GROWTH >> 10);
    good &= line("open sockets", before.sockets(), after.sockets(), SOCKET_GROWTH);
    good &= line("direct memory, KiB", before.direct() >> 10, after.direct() >> 10, DIRECT_GROWTH >> 10);
    List<String> bad =
        Files.readAllLines(log).stream()
            .filter(line -> line.contains("LEAK") || line.contains("level=ERROR"))
            .toList();
    System.out.printf("%-22s %9d%n", "leaks and errors", bad.size());
    bad.stream().limit(10).forEach(System.out::println);
    System.out.println("log: " + log);
    return good && bad.isEmpty();
  }

  private static boolean line(String what, long before, long after, long most) {
    boolean good = after - before <= most;
    System.out.printf(
        "%-22s %9d -> %9d  (at most +%d)%s%n", what, before, after, most, good ? "" : "  GREW");
    return good;
  }

  static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
