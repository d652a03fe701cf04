package app.avalo.gateway.testing;

import app.avalo.gateway.filter.redis.RedisServer;
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
import java.util.stream.Stream;

/**
 * CPU that a gateway takes per forwarded request, more for one kind than for another: in short
 * windows that take turns, so that neighbours slow both alike. The gateway has a processor for
 * itself, and what its compiler takes does not count: it is not of requests.
 */
public final class CpuPerRequest {
  private static final Pattern SCRIPTS = Pattern.compile("cmdstat_evalsha:calls=(\\d+)");
  private static final int CALLERS = 64;
  private static final long WINDOW_NANOS = 150_000_000;
  private static final long WARMING_NANOS = 500_000_000;
  private static final int WARM_ROUNDS = 12;
  private static final long PRINT_NANOS = 60_000_000_000L;

  /** Requests of the window before end, and what a pause has let go of is there again: leases. */
  private static final long SETTLING_NANOS = 200_000_000;

  private final long pid;
  private final SteadyLoad load;
  private final List<Row> rows;

  /**
   * What is compared.
   *
   * @param name for who reads
   * @param with the requests
   * @param without the requests they are compared with
   * @param must most that may be added, 0.02 for 2 %; infinite for any
   */
  public record Row(
      String name, SteadyLoad.Question with, SteadyLoad.Question without, double must) {}

  private CpuPerRequest(GatewayProcess gateway, SteadyLoad load, List<Row> rows) {
    this.pid = gateway.pid();
    this.load = load;
    this.rows = rows;
  }

  /** Leaves a processor to the gateway: for this process, before it starts any other. */
  public static void makeRoom() throws IOException {
    keepTo(1, ProcessHandle.current().pid());
  }

  /**
   * Measures for so long, and prints a line for each row, each minute and at the end.
   *
   * @param port of the gateway
   * @param redis whose calls are counted
   * @return whether all medians are within what they must be
   */
  public static boolean compare(
      GatewayProcess gateway,
      int port,
      SteadyLoad load,
      List<Row> rows,
      RedisServer redis,
      int seconds)
      throws IOException {
    keepTo(0, gateway.pid());
    load.ask(rows.get(0).without());
    for (int i = 0; i < CALLERS; i++) {
      load.call(port, "caller-" + i);
    }
    CpuPerRequest cpu = new CpuPerRequest(gateway, load, rows);
    Map<Row, Double> calls = new LinkedHashMap<>();
    for (int i = 0; i < WARM_ROUNDS; i++) {
      for (Row row : rows) {
        cpu.window(row.without(), WARMING_NANOS);
        long before = scripts(redis);
        long answered = load.answered();
        cpu.window(row.with(), WARMING_NANOS);
        calls.put(row, (double) (scripts(redis) - before) / (load.answered() - answered));
      }
    }
    return cpu.compare(seconds, calls);
  }

  private static long scripts(RedisServer redis) throws IOException {
    Matcher count = SCRIPTS.matcher(redis.command("INFO commandstats"));
    return count.find() ? Long.parseLong(count.group(1)) : 0;
  }

  private boolean compare(int seconds, Map<Row, Double> calls) throws IOException {
    Map<Row, List<Double>> added = new LinkedHashMap<>();
    rows.forEach(row -> added.put(row, new ArrayList<>()));
    List<Double> plain = new ArrayList<>();
    SteadyLoad.Question last = null; // what the window before was without
    double after = 0;
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    for (long next = System.nanoTime() + PRINT_NANOS; System.nanoTime() < end; ) {
      for (Row row : rows) {
        double before = row.without() == last ? after : window(row.without(), WINDOW_NANOS);
        double with = window(row.with(), WINDOW_NANOS);
        last = row.without();
        after = window(last, WINDOW_NANOS);
        added.get(row).add(2 * with / (before + after) - 1);
        plain.add(after);
      }
      if (System.nanoTime() > next) {
        next += PRINT_NANOS;
        print(plain, added, calls);
      }
    }
    return print(plain, added, calls);
  }

  private static boolean print(
      List<Double> plain, Map<Row, List<Double>> added, Map<Row, Double> calls) {
    boolean good = true;
    System.out.printf(Locale.ROOT, "%.2f us of CPU per request without%n", quantile(plain, 0.5));
    for (Map.Entry<Row, List<Double>> each : added.entrySet()) {
      Row row = each.getKey();
      List<Double> all = each.getValue();
      double median = quantile(all, 0.5);
      boolean within = median <= row.must();
      good &= within;
      System.out.printf(
          Locale.ROOT,
          "%-8s %+.1f %% (quartiles %+.1f, %+.1f; %d windows), %.2f calls of Redis a request  %s%n",
          row.name(),
          100 * median,
          100 * quantile(all, 0.25),
          100 * quantile(all, 0.75),
          all.size(),
          calls.get(row),
          Double.isInfinite(row.must()) ? "" : within ? "ok" : "MISSED");
    }
    return good;
  }

  private static double quantile(List<Double> all, double share) {
    return all.stream().sorted().toList().get((int) (share * (all.size() - 1)));
  }

  /** Microseconds of CPU per request while all callers ask one thing. */
  private double window(SteadyLoad.Question question, long nanos) throws IOException {
    load.ask(question);
    LockSupport.parkNanos(SETTLING_NANOS);
    long cpu = cpuNanos(pid);
    long requests = load.answered();
    LockSupport.parkNanos(nanos);
    long spent = cpuNanos(pid) - cpu;
    requests = load.answered() - requests;
    return spent / 1000.0 / Math.max(1, requests); // none while the machine is very young
  }

  /** Of all threads that live but the compiler's; to the nanosecond, unlike {@code stat}. */
  private static long cpuNanos(long pid) throws IOException {
    long sum = 0;
    List<Path> threads;
    try (Stream<Path> found = Files.list(Path.of("/proc/" + pid + "/task"))) {
      threads = found.toList();
    }
    for (Path thread : threads) {
      try {
        if (!Files.readString(thread.resolve("comm")).contains("Compiler")) {
          sum += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]);
        }
      } catch (IOException ended) {
        // A thread that has just ended.
      }
    }
    return sum;
  }

  /** Keeps all threads of a process, and what it starts, to one processor of the machine. */
  private static void keepTo(int processor, long pid) throws IOException {
    Process taskset =
        new ProcessBuilder("taskset", "-acp", "" + processor, "" + pid)
            .redirectErrorStream(true)
            .start();
    String printed = String.join("\n", taskset.inputReader().lines().toList());
    if (taskset.onExit().join().exitValue() != 0) {
      throw new IllegalStateException(printed);
    }
  }
}
