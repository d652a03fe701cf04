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
 * CPU that a gateway takes per forwarded request, more for one kind than for another. Two of them
 * have a processor for themselves in short turns, one asked the one kind, the other the other, so
 * what slows the machine slows both alike; then they change places, so what one of them does better
 * than the other does not count either. A turn is long enough that the caches are the gateway's
 * own, as where it runs alone. What their compilers take is left out: it is not of requests.
 */
public final class CpuPerRequest implements AutoCloseable {
  private static final Pattern SCRIPTS = Pattern.compile("cmdstat_evalsha:calls=(\\d+)");
  private static final List<String> OPTIONS =
      List.of("-Xmx256m", "-XX:TieredStopAtLevel=4", "-XX:+UseSerialGC");
  private static final int CALLERS = 64;
  private static final long TURN_NANOS = 20_000_000;
  private static final long WINDOW_NANOS = 3_000_000_000L; // of both
  private static final long WARMING_NANOS = 500_000_000;
  private static final int FEWEST_ROUNDS = 10;
  private static final int MOST_ROUNDS = 40;

  /** Of a round's time, at most, by the compilers of a gateway that is warm. */
  private static final double COMPILING = 0.03;

  private static final long PRINT_NANOS = 60_000_000_000L;

  /** Standard error of a median of n, in quartile distances by the root of n: of a bell curve. */
  private static final double MEDIAN_ERROR = 0.93;

  /** Requests of the window before end, and what a pause has let go of is there again: leases. */
  private static final long SETTLING_NANOS = 500_000_000;

  private final RedisServer redis;
  private final List<Row> rows;
  private final Side one;
  private final Side other;

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

  /** A gateway and who asks it. */
  private record Side(GatewayProcess gateway, SteadyLoad.Callers callers) {
    static Side start(Path yaml, SteadyLoad load, SteadyLoad.Question first) throws IOException {
      GatewayProcess gateway =
          GatewayProcess.startWith(OPTIONS, "run", yaml.toString(), "--loops", "1");
      int port = gateway.port("plain");
      return new Side(gateway, load.call(port, CALLERS, first));
    }
  }

  /** CPU and answers of a side, up to now. */
  private record Reading(long nanos, long answered) {
    static Reading of(Side side) throws IOException {
      return new Reading(cpuNanos(side.gateway.pid(), false), side.callers.answered());
    }

    /** Microseconds a request since then. */
    double since(Reading then) { // no request while the machine is very young
      return (nanos - then.nanos) / 1000.0 / Math.max(1, answered - then.answered);
    }
  }

  /** Microseconds of CPU per request of both sides in one window, and calls of Redis. */
  private record Window(double with, double without, double calls) {}

  /** Of one row: what was added in each pair of windows, and calls of Redis per request. */
  private record Compared(List<Double> added, List<Double> calls) {
    Compared() {
      this(new ArrayList<>(), new ArrayList<>());
    }
  }

  /**
   * Starts the gateways.
   *
   * @param first of one gateway
   * @param second of the other
   * @param load who asks them
   * @param redis whose calls are counted
   */
  public CpuPerRequest(Path first, Path second, SteadyLoad load, RedisServer redis, List<Row> rows)
      throws IOException {
    this.redis = redis;
    this.rows = rows;
    one = Side.start(first, load, rows.get(0).without());
    other = Side.start(second, load, rows.get(0).without());
  }

  /** Leaves a processor to the gateways: for this process, before it starts any other. */
  public static void makeRoom() throws IOException {
    keepTo(1, ProcessHandle.current().pid());
  }

  @Override
  public void close() {
    one.gateway.close();
    other.gateway.close();
  }

  /**
   * Measures for so long, and prints a line for each row, each minute and at the end.
   *
   * @return whether all medians are within what they must be
   */
  public boolean compare(int seconds) throws IOException {
    warm();
    Map<Row, Compared> compared = new LinkedHashMap<>();
    rows.forEach(row -> compared.put(row, new Compared()));
    List<Double> plain = new ArrayList<>();
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    for (long next = System.nanoTime() + PRINT_NANOS; System.nanoTime() < end; ) {
      for (Row row : rows) {
        Window first = window(row, one, other);
        Window second = window(row, other, one);
        double ratios = first.with / first.without * (second.with / second.without);
        compared.get(row).added.add(Math.sqrt(ratios) - 1);
        compared.get(row).calls.add((first.calls + second.calls) / 2);
        plain.add((first.without + second.without) / 2);
      }
      if (System.nanoTime() > next) {
        next += PRINT_NANOS;
        print(plain, compared);
      }
    }
    return print(plain, compared);
  }

  /** All kinds in turn, on all processors, until next to nothing is left to compile. */
  private void warm() throws IOException {
    boolean busy = true;
    for (int i = 0; i < MOST_ROUNDS && (busy || i < FEWEST_ROUNDS); i++) {
      long start = System.nanoTime();
      long compiled = compiled();
      for (Row row : rows) {
        ask(row, one, other, WARMING_NANOS);
        ask(row, other, one, WARMING_NANOS);
      }
      busy = compiled() - compiled > COMPILING * (System.nanoTime() - start);
    }
    keepTo(0, one.gateway.pid());
    keepTo(0, other.gateway.pid());
  }

  private long compiled() throws IOException {
    return cpuNanos(one.gateway.pid(), true) + cpuNanos(other.gateway.pid(), true);
  }

  private long scripts() throws IOException {
    Matcher count = SCRIPTS.matcher(redis.command("INFO commandstats"));
    return count.find() ? Long.parseLong(count.group(1)) : 0;
  }

  private static void ask(Row row, Side with, Side without, long nanos) {
    with.callers.ask(row.with());
    without.callers.ask(row.without());
    run(with, without, nanos);
  }

  /** Gives both the processor in turns for so long. */
  private static void run(Side one, Side other, long nanos) {
    for (long end = System.nanoTime() + nanos; System.nanoTime() - end < 0; ) {
      turn(one, other);
      turn(other, one);
    }
  }

  private static void turn(Side working, Side resting) {
    resting.callers.rest();
    working.callers.goOn();
    LockSupport.parkNanos(TURN_NANOS);
  }

  private Window window(Row row, Side with, Side without) throws IOException {
    ask(row, with, without, SETTLING_NANOS);
    long calls = scripts();
    Reading first = Reading.of(with);
    Reading second = Reading.of(without);
    run(with, without, WINDOW_NANOS);
    Reading asked = Reading.of(with);
    double spent = asked.since(first);
    double other = Reading.of(without).since(second);
    double requests = Math.max(1, asked.answered - first.answered);
    return new Window(spent, other, (scripts() - calls) / requests);
  }

  private static boolean print(List<Double> plain, Map<Row, Compared> compared) {
    boolean good = true;
    System.out.printf(Locale.ROOT, "%.2f us of CPU per request without%n", quantile(plain, 0.5));
    for (Map.Entry<Row, Compared> each : compared.entrySet()) {
      Row row = each.getKey();
      List<Double> all = each.getValue().added;
      double median = quantile(all, 0.5);
      double low = quantile(all, 0.25);
      double high = quantile(all, 0.75);
      boolean within = median <= row.must();
      good &= within;
      System.out.printf(
          Locale.ROOT,
          "%-8s %+.1f %% (quartiles %+.1f, %+.1f; %d pairs, error of the median %.1f),"
              + " %.3f calls of Redis a request  %s%n",
          row.name(),
          100 * median,
          100 * low,
          100 * high,
          all.size(),
          100 * MEDIAN_ERROR * (high - low) / Math.sqrt(all.size()),
          quantile(each.getValue().calls, 0.5),
          Double.isInfinite(row.must()) ? "" : within ? "ok" : "MISSED");
    }
    return good;
  }

  private static double quantile(List<Double> all, double share) {
    return all.stream().sorted().toList().get((int) (share * (all.size() - 1)));
  }

  /** Of its compilers, or of all other threads; to the nanosecond, unlike {@code stat}. */
  private static long cpuNanos(long pid, boolean compilers) throws IOException {
    long sum = 0;
    List<Path> threads;
    try (Stream<Path> found = Files.list(Path.of("/proc/" + pid + "/task"))) {
      threads = found.toList();
    }
    for (Path thread : threads) {
      try {
        if (Files.readString(thread.resolve("comm")).contains("Compiler") == compilers) {
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
