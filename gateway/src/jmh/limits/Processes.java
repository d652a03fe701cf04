import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.Window;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * One limit on four or sixteen gateway processes: what their access logs say was admitted, replayed
 * through the window check. Every row has processes of its own, so none has met its fault before.
 */
final class Processes {
  private static final Bandwidth LIMIT = Policies.per(1000, Duration.ofSeconds(1), 1000);
  private static final double RATE = 1000;
  private static final double TIMES = 2;
  private static final int FLEET = 4;
  private static final Duration WARM = Duration.ofSeconds(10);
  private static final Duration SPAN = Duration.ofSeconds(25);
  private static final Duration SPAN_OF_FAULT = Duration.ofSeconds(8);
  private static final Duration BEFORE_FAULT = Duration.ofSeconds(3);
  private static final Set<String> ALL =
      new LinkedHashSet<>(
          List.of(
              "load", "tenfold", "sixteen", "sixteen-tenfold", "stopped", "killed", "gateway", "cut",
              "late"));
  private static final List<Load> LOADS =
      List.of(
          new Load("load", "exact", FLEET, TIMES, true),
          new Load("load", "leased", FLEET, TIMES, true),
          new Load("tenfold", "leased", FLEET, 10, false),
          new Load("sixteen", "leased", 16, TIMES, false),
          new Load("sixteen-tenfold", "leased", 16, 10, false));
  // A tenth of the burst, and the rate for the 0.1 s that it takes at most to be linked again.
  private static final double PARTLY = 200;
  // Of killed: a tenth of the burst, and what three gateways of four may admit by their shares in
  // the half second by which their links come back later than the first.
  private static final List<Trial> TRIALS =
      List.of(
          new Trial("stopped", "Redis stopped for 2 s", 100, null, Processes::stop),
          new Trial("killed", "Redis killed, restarted empty", 475, null, Processes::killRedis),
          new Trial("gateway", "a gateway killed", 0, null, site -> site.kill(0)),
          new Trial("cut", "every 10th answer lost, cut", PARTLY, LossyRoad.Loss.CUT, quiet()),
          new Trial("late", "every 10th answer lost, late", PARTLY, LossyRoad.Loss.LATE, quiet()));
  private static boolean missed;

  private Processes() {}

  public static void main(String[] arguments) throws Exception {
    Set<String> asked = arguments.length == 0 ? ALL : Set.copyOf(Arrays.asList(arguments));
    if (!ALL.containsAll(asked)) {
      throw new IllegalArgumentException(asked + " (expected some of " + ALL + ")");
    }
    for (Load load : LOADS) {
      if (asked.contains(load.name)) {
        run(load);
      }
    }
    for (Trial trial : TRIALS) {
      if (asked.contains(trial.name)) {
        run(trial);
      }
    }
    System.exit(missed ? 1 : 0);
  }

  /**
   * What is offered, all in order.
   *
   * @param prompt whether nobody may wait longer than the deadline: where there are more processes
   *     or requests than two processors can serve at once, they wait for these
   */
  private record Load(String name, String limit, int fleet, double times, boolean prompt) {
    @Override
    public String toString() {
      return "%s, %d processes, %.0fx".formatted(limit, fleet, times);
    }
  }

  private static void run(Load load) throws Exception {
    try (Site site = new Site(load.fleet, null)) {
      site.warm(load.limit, load.times * RATE, WARM);
      long calls = site.redisCalls();
      long without = site.withoutRedis(load.limit);
      Site.Run run = site.load(load.limit, load.times * RATE, SPAN, load.limit);
      double perRequest = (double) (site.redisCalls() - calls) / run.requests();
      List<Site.Admission> admitted = site.admitted(run, load.limit);
      boolean exact = load.limit.equals("exact");
      print(load.toString(), admitted, run, new Must(0, exact ? 0.999 : 0.99, load.prompt));
      boolean few = exact || perRequest <= 0.15;
      missed |= !few;
      System.out.printf(
          Locale.ROOT,
          "%46s Redis calls/request %.3f, decided without Redis %d, offered %.1fx  %s%n",
          "",
          perRequest,
          site.withoutRedis(load.limit) - without,
          run.requests() * 1000 / RATE / run.span().toMillis(),
          few ? "ok" : "MISSED");
      planted(admitted, allowed(run), 0);
    }
  }

  private static Fault quiet() {
    return site -> {};
  }

  private static void stop(Site site) {
    site.redis().stop();
    site.sleep(Duration.ofSeconds(2));
    site.redis().cont();
  }

  private static void killRedis(Site site) throws IOException {
    long links = site.redisClients();
    site.redis().kill();
    site.sleep(Duration.ofSeconds(1));
    site.redis().restart();
    long start = System.nanoTime();
    long first = 0;
    for (long now = 0; now < links; now = site.redisClients()) {
      site.sleep(Duration.ofMillis(10));
      first = first == 0 && now > 0 ? System.nanoTime() : first;
    }
    System.out.printf(
        Locale.ROOT,
        "%46s first link back after %d ms, the last %d ms later%n",
        "", (first - start) / 1_000_000, (System.nanoTime() - first) / 1_000_000);
  }

  private interface Fault {
    void happen(Site site) throws Exception;
  }

  /**
   * A fault and what may come of it.
   *
   * @param bound of tokens too many
   * @param loss that lasts all the time, or null
   */
  private record Trial(
      String name,
      String what,
      double bound,
      LossyRoad.@Nullable Loss loss,
      Fault fault) {}

  /** Each limit is offered twice what it allows; the fault comes after a while. */
  private static void run(Trial trial) throws Exception {
    for (String limit : Site.LIMITS) {
      try (Site site = new Site(FLEET, trial.loss)) {
        site.warm(limit, TIMES * RATE, WARM);
        Site.Run run = during(trial.fault, site, limit);
        List<Site.Admission> admitted = site.admitted(run, limit);
        print(limit + ", " + trial.what, admitted, run, new Must(trial.bound, 0, true));
        planted(admitted, allowed(run), trial.bound);
      }
    }
  }

  private static Site.Run during(Fault fault, Site site, String limit) throws Exception {
    FutureTask<Site.Run> load =
        new FutureTask<>(() -> site.load(limit, TIMES * RATE, SPAN_OF_FAULT, limit));
    new Thread(load).start();
    site.sleep(BEFORE_FAULT);
    fault.happen(site);
    return load.get();
  }

  private static double excess(List<Site.Admission> admitted) {
    long[] from = admitted.stream().mapToLong(one -> 1000 * one.fromMicros()).toArray();
    long[] until = admitted.stream().mapToLong(one -> 1000 * one.untilMicros()).toArray();
    return Window.excess(from, until, LIMIT);
  }

  /**
   * What a row has to show.
   *
   * @param bound of tokens too many
   * @param least share of what is allowed that has to be admitted
   * @param prompt whether nobody may wait longer than the deadline
   */
  private record Must(double bound, double least, boolean prompt) {}

  private static void print(
      String what, List<Site.Admission> admitted, Site.Run run, Must must) {
    double share = admitted.size() / allowed(run);
    double excess = excess(admitted);
    List<Site.Wait> late =
        run.waits().stream().filter(wait -> wait.micros() > Site.BOUND_MICROS).toList();
    long longest = run.waits().stream().mapToLong(Site.Wait::micros).max().orElse(0);
    boolean good =
        excess <= must.bound && share >= must.least && (late.isEmpty() || !must.prompt);
    missed |= !good;
    System.out.printf(
        Locale.ROOT,
        "%-46s excess %6.2f   admitted/allowed %.4f   longest wait %5.1f ms, over 20 ms %d of %d  %s%n",
        what, excess, share, longest / 1e3, late.size(), run.waits().size(), good ? "ok" : "MISSED");
    System.out.printf(
        Locale.ROOT,
        "%46s over 20 ms beside what loops waited for a processor %d; without a limit %d of %d (longest %.1f ms)%n",
        "",
        late.stream().filter(wait -> wait.micros() - wait.starved() > Site.BOUND_MICROS).count(),
        run.free().stream().filter(wait -> wait.micros() > Site.BOUND_MICROS).count(),
        run.free().size(),
        run.free().stream().mapToLong(Site.Wait::micros).max().orElse(0) / 1e3);
    if (run.processors().takenAwayMillis() > 0) {
      System.out.printf(
          Locale.ROOT,
          "%46s the host took processors away for %d ms, which nobody's waiting shows%n",
          "",
          run.processors().takenAwayMillis());
    }
    if (run.late().toMillis() > 20) {
      System.out.printf(
          Locale.ROOT, "%46s the client itself was up to %d ms late%n", "", run.late().toMillis());
    }
    late.stream()
        .map(wait -> (wait.atMicros() - run.startMicros()) / 100_000)
        .distinct()
        .sorted()
        .limit(10)
        .forEach(tenth -> System.out.printf(Locale.ROOT, "%46s late at %.1f s%n", "", tenth / 10.0));
  }

  private static double allowed(Site.Run run) {
    return LIMIT.burst() + run.span().toMillis() * RATE / 1000;
  }

  /**
   * The check is only worth something if it finds a log that has 1 % more than is allowed, and what
   * the row's bound allows besides.
   */
  private static void planted(List<Site.Admission> admitted, double allowed, double bound) {
    Random random = new Random(1);
    List<Site.Admission> more = new ArrayList<>(admitted);
    int extra = (int) (allowed * 1.01 + bound) - admitted.size();
    for (int i = 0; i < extra; i++) {
      more.add(admitted.get(random.nextInt(admitted.size())));
    }
    double excess = excess(more);
    boolean found = excess > bound + allowed / 200;
    missed |= !found;
    System.out.printf(
        Locale.ROOT, "%46s with %d planted beside: excess %.2f  %s%n",
        "", extra, excess, found ? "found" : "NOT FOUND");
  }
}
