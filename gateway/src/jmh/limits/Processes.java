import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.Window;
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
 * One limit on four gateway processes: what their access logs say was admitted, replayed through
 * the window check. Every fault has processes of its own, which have never met it before.
 */
final class Processes {
  private static final Bandwidth LIMIT = Policies.per(1000, Duration.ofSeconds(1), 1000);
  private static final double TIMES = 2;
  private static final int FLEET = 4;
  private static final Duration WARM = Duration.ofSeconds(10);
  private static final Duration SPAN = Duration.ofSeconds(25);
  private static final Duration SPAN_OF_FAULT = Duration.ofSeconds(8);
  private static final Duration BEFORE_FAULT = Duration.ofSeconds(3);
  private static final long BOUND_MICROS = 20_000;
  private static final Set<String> ALL =
      new LinkedHashSet<>(List.of("load", "stopped", "killed", "gateway", "cut", "late"));
  // A tenth of the burst, and the rate for the 0.1 s that it takes at most to be linked again.
  private static final double PARTLY = 200;
  private static final List<Trial> TRIALS =
      List.of(
          new Trial("stopped", "Redis stopped for 2 s", 100, null, Processes::stop),
          new Trial("killed", "Redis killed, restarted empty", 1100, null, Processes::killRedis),
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
    if (asked.contains("load")) {
      load();
    }
    for (Trial trial : TRIALS) {
      if (asked.contains(trial.name)) {
        run(trial);
      }
    }
    System.exit(missed ? 1 : 0);
  }

  private static void load() throws Exception {
    for (String limit : Site.LIMITS) {
      try (Site site = new Site(FLEET, null)) {
        site.warm(limit, TIMES * 1000, WARM);
        long calls = site.redisCalls();
        long without = site.withoutRedis(limit);
        Site.Run run = site.load(limit, TIMES * 1000, SPAN, limit);
        double perRequest = (double) (site.redisCalls() - calls) / run.requests();
        List<Site.Admission> admitted = site.admitted(run, limit);
        print(limit + ", 2x", admitted, run, 0, limit.equals("exact") ? 0.999 : 0.99);
        boolean few = limit.equals("exact") || perRequest <= 0.15;
        missed |= !few;
        System.out.printf(
            Locale.ROOT,
            "%46s Redis calls/request %.3f, decided without Redis %d  %s%n",
            "", perRequest, site.withoutRedis(limit) - without, few ? "ok" : "MISSED");
        planted(admitted, allowed(run));
      }
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

  private static void killRedis(Site site) {
    site.redis().kill();
    site.sleep(Duration.ofSeconds(1));
    site.redis().restart();
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
        site.warm(limit, TIMES * 1000, WARM);
        Site.Run run = during(trial.fault, site, limit);
        print(limit + ", " + trial.what, site.admitted(run, limit), run, trial.bound, 0);
      }
    }
  }

  private static Site.Run during(Fault fault, Site site, String limit) throws Exception {
    FutureTask<Site.Run> load =
        new FutureTask<>(() -> site.load(limit, TIMES * 1000, SPAN_OF_FAULT, limit));
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

  private static void print(
      String what, List<Site.Admission> admitted, Site.Run run, double bound, double least) {
    double share = admitted.size() / allowed(run);
    double excess = excess(admitted);
    List<Site.Wait> late =
        run.waits().stream().filter(wait -> wait.micros() > BOUND_MICROS).toList();
    long longest = run.waits().stream().mapToLong(Site.Wait::micros).max().orElse(0);
    boolean good = excess <= bound && share >= least && late.isEmpty();
    missed |= !good;
    System.out.printf(
        Locale.ROOT,
        "%-46s excess %6.2f   admitted/allowed %.4f   longest wait %5.1f ms, over 20 ms %d of %d  %s%n",
        what, excess, share, longest / 1e3, late.size(), run.waits().size(), good ? "ok" : "MISSED");
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
    return 1000 + run.span().toMillis();
  }

  /** The check is only worth something if it finds a log that has 1 % more than is allowed. */
  private static void planted(List<Site.Admission> admitted, double allowed) {
    Random random = new Random(1);
    List<Site.Admission> more = new ArrayList<>(admitted);
    int extra = (int) (allowed * 1.01) - admitted.size();
    for (int i = 0; i < extra; i++) {
      more.add(admitted.get(random.nextInt(admitted.size())));
    }
    double excess = excess(more);
    boolean found = excess > allowed / 200;
    missed |= !found;
    System.out.printf(
        Locale.ROOT, "%46s with %d planted beside: excess %.2f  %s%n",
        "", extra, excess, found ? "found" : "NOT FOUND");
  }
}
