import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.Window;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * One limit on four gateway processes: what their access logs say was admitted, replayed through
 * the window check. Every fault has processes of its own.
 */
final class Processes {
  private static final Bandwidth LIMIT = Policies.per(1000, Duration.ofSeconds(1), 1000);
  private static final double TIMES = 2;
  private static final long BOUND_MICROS = 20_000;
  // Between the end of a wait and the line in the log a busy machine has other things to do.
  private static final long SCHEDULING_MICROS = 10_000;
  private static boolean missed;

  private Processes() {}

  public static void main(String[] arguments) throws Exception {
    int seconds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20;
    try (Site site = new Site()) {
      for (String limit : List.of("exact", "leased")) {
        site.load(limit, 100, Duration.ofSeconds(2), "warm");
        long calls = site.redisCalls();
        Site.Run run = site.load(limit, TIMES * 1000, Duration.ofSeconds(seconds), limit);
        List<Site.Admission> admitted = site.admitted(run, limit);
        double perRequest = (double) (site.redisCalls() - calls) / run.requests();
        print(limit + ", 2x", admitted, run, 0, limit.equals("exact") ? 0.999 : 0.99);
        System.out.printf(Locale.ROOT, "%46s Redis calls/request %.3f%n", "", perRequest);
        planted(admitted, allowed(run));
      }
    }
    fault("Redis stopped for 2 s", 100, site -> {
      site.redis().stop();
      site.sleep(Duration.ofSeconds(2));
      site.redis().cont();
    });
    fault("Redis killed, restarted empty", 1100, site -> {
      site.redis().kill();
      site.sleep(Duration.ofSeconds(1));
      site.redis().restart();
    });
    fault("a gateway killed", 0, site -> site.kill(0));
    System.exit(missed ? 1 : 0);
  }

  private interface Fault {
    void happen(Site site) throws Exception;
  }

  /** Both limits at once, each offered twice what it allows; the fault comes after 3 s. */
  private static void fault(String what, double bound, Fault fault) throws Exception {
    try (Site site = new Site()) {
      for (String limit : List.of("exact", "leased")) {
        site.load(limit, 100, Duration.ofSeconds(2), "warm");
      }
      Duration span = Duration.ofSeconds(8);
      List<Thread> loads = new ArrayList<>();
      List<Site.Run> runs = Collections.synchronizedList(new ArrayList<>());
      for (String limit : List.of("exact", "leased")) {
        Thread load = new Thread(() -> runs.add(site.load(limit, TIMES * 1000, span, limit)));
        load.start();
        loads.add(load);
      }
      site.sleep(Duration.ofSeconds(3));
      fault.happen(site);
      for (Thread load : loads) {
        load.join();
      }
      for (Site.Run run : runs) {
        print(run.limit() + ", " + what, site.admitted(run, run.limit()), run, bound, 0);
      }
    }
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
    long late =
        run.waitsMicros().stream().filter(w -> w > BOUND_MICROS + SCHEDULING_MICROS).count();
    long longest = run.waitsMicros().stream().mapToLong(w -> w).max().orElse(0);
    boolean good = excess <= bound && share >= least && late == 0;
    missed |= !good;
    System.out.printf(
        Locale.ROOT,
        "%-46s excess %6.2f   admitted/allowed %.4f   longest wait %5.1f ms, over the bound %d  %s%n",
        what, excess, share, longest / 1e3, late, good ? "ok" : "MISSED");
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
