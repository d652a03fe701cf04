import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * What users whose wallet lives in one region notice when it is lost, and whether two regions ever
 * write for one of them: judged from outside, by the journal of the database alone. Every fault has
 * a world of its own, and ends with the region's users brought home again. Arguments: {@code -n}
 * and how often the first three faults happen; faults by name, none for all.
 */
final class Pins {
  private static final int USERS = 2000;
  private static final int PER_SECOND = 200;
  private static final int ARRIVALS_PER_SECOND = 200;
  private static final Duration BEFORE = Duration.ofSeconds(1);
  private static final Duration AFTER = Duration.ofSeconds(5);
  private static final Duration HIT = Duration.ofSeconds(3); // who pays later finds it settled
  private static final Duration HOMEWARD = Duration.ofSeconds(20);

  /** Something that happens to a world because of one region, and how it ends. */
  private enum Fault {
    KILL("kill", true, 3000, (world, lost) -> world.region(lost).kill()),
    STOP("stop", true, 3000, (world, lost) -> world.region(lost).stop()),
    BLACK_HOLE("blackhole", true, 3000, (world, lost) -> cut(world, lost, World.GATEWAYS)),
    ONE_CUT("one-cut", false, 3000, (world, lost) -> cut(world, lost, 1)),
    TWO_CUT("two-cut", true, 3000, (world, lost) -> cut(world, lost, 2)),
    REDIS("redis", false, 8000, (world, lost) -> outage(world)),
    REDIS_EMPTY("redis-empty", false, 8000, (world, lost) -> outage(world)),
    PLANT("plant", true, 3000, (world, lost) -> world.region(lost).kill());

    private final String name;
    private final boolean moves;
    private final long mostMillis;
    private final Cause cause;

    Fault(String name, boolean moves, long mostMillis, Cause cause) {
      this.name = name;
      this.moves = moves;
      this.mostMillis = mostMillis;
      this.cause = cause;
    }

    private static void cut(World world, int lost, int gateways) {
      for (int gateway = 0; gateway < gateways; gateway++) {
        world.road(gateway, lost).swallow();
      }
    }

    private static void outage(World world) {
      world.redis().kill();
      pause(Duration.ofSeconds(2));
      world.redis().restart();
    }

    void end(World world, int lost) {
      switch (this) {
        case KILL -> world.revive(lost, "fence");
        case PLANT -> world.revive(lost, "blind");
        case STOP -> world.region(lost).resume();
        default -> {
          for (int gateway = 0; gateway < World.GATEWAYS; gateway++) {
            world.road(gateway, lost).pass();
          }
        }
      }
    }
  }

  /** Makes it happen. */
  private interface Cause {
    void happen(World world, int lost);
  }

  /** What came of all times of one fault. */
  private static final class Seen {
    private final List<Long> gaps = new ArrayList<>(); // of the lost region's users, at the fault
    private final Map<Integer, Integer> refusals = new TreeMap<>();
    private final List<String> violations = new ArrayList<>();
    private int times;
    private int payments;
    private long homeNanos; // longest of anybody while users came home
    private long moved;
    private long unneeded;
    private int stale;
    private int twice;
    private int overlapping;
    private long lost;
    private int unanswered;
    private long fenced;

    long gapMillis(double share) {
      return millis(gaps, share);
    }

    static long millis(List<Long> nanos, double share) {
      if (nanos.isEmpty()) {
        return 0;
      }
      nanos.sort(null);
      int index = Math.min(nanos.size() - 1, (int) Math.ceil(nanos.size() * share) - 1);
      return TimeUnit.NANOSECONDS.toMillis(nanos.get(Math.max(0, index)));
    }

    boolean isGood(Fault fault) {
      return violations.isEmpty()
          && lost == 0
          && unanswered == 0
          && unneeded == 0
          && moved > 0 == fault.moves
          && gapMillis(1) <= fault.mostMillis
          && TimeUnit.NANOSECONDS.toMillis(homeNanos) <= fault.mostMillis;
    }
  }

  public static void main(String[] arguments) throws Exception {
    List<String> chosen = new ArrayList<>(List.of(arguments));
    int times = 10;
    if (!chosen.isEmpty() && chosen.get(0).equals("-away")) {
      homeward = false;
      chosen = chosen.subList(1, chosen.size());
    }
    if (chosen.size() > 1 && chosen.get(0).equals("-n")) {
      times = Integer.parseInt(chosen.get(1));
      chosen = chosen.subList(2, chosen.size());
    }
    System.out.printf(
        "%d users, %d writes/s, %d gateways, %d regions%n",
        USERS, PER_SECOND, World.GATEWAYS, World.REGIONS.size());
    System.out.printf(
        "%-12s %5s %7s %8s %8s %8s %6s %8s %6s %6s %6s %5s %5s %10s  %s%n",
        "fault", "times", "writes", "worst", "p99", "home", "moved", "unneeded", "fenced", "2 own", "stale", "twice",
        "lost", "unanswered", "refusals by status");
    boolean good = true;
    for (Fault fault : Fault.values()) {
      boolean wanted = chosen.isEmpty() ? fault != Fault.PLANT : chosen.contains(fault.name);
      if (wanted) {
        good &= show(fault, fault.ordinal() <= Fault.BLACK_HOLE.ordinal() ? times : 1);
      }
    }
    System.exit(good ? 0 : 1);
  }

  private static boolean show(Fault fault, int times) throws Exception {
    Seen seen = new Seen();
    for (int time = 0; time < times; time++) {
      new Pins(fault, time % World.REGIONS.size(), seen).run();
    }
    System.out.printf(
        "%-12s %5d %7d %5d ms %5d ms %5d ms %6d %8d %6d %6d %6d %5d %5d %10d  %s%s%n",
        fault.name,
        seen.times,
        seen.payments,
        seen.gapMillis(1),
        seen.gapMillis(0.99),
        TimeUnit.NANOSECONDS.toMillis(seen.homeNanos),
        seen.moved,
        seen.unneeded,
        seen.fenced,
        seen.overlapping,
        seen.stale,
        seen.twice,
        seen.lost,
        seen.unanswered,
        seen.refusals,
        seen.isGood(fault) ? "" : "  MISSED");
    seen.violations.forEach(violation -> System.out.println("  " + violation));
    return seen.isGood(fault);
  }

  private static boolean homeward = true;

  private final Fault fault;
  private final int lost;
  private final Seen seen;

  private Pins(Fault fault, int lost, Seen seen) {
    this.fault = fault;
    this.lost = lost;
    this.seen = seen;
  }

  private void run() throws Exception {
    try (World world = new World(fault != Fault.REDIS_EMPTY);
        Users users = new Users(USERS, world.ports())) {
      users.pay(ARRIVALS_PER_SECOND, Duration.ofMillis(1000L * USERS / ARRIVALS_PER_SECOND));
      users.finish(Duration.ofSeconds(20));
      users.warm();
      users.pay(PER_SECOND, BEFORE);
      long faultNanos = System.nanoTime();
      Thread causing = new Thread(() -> fault.cause.happen(world, lost));
      causing.start();
      users.pay(PER_SECOND, AFTER);
      causing.join();
      List<Ledger.Entry> untilThen = world.ledger().journal();
      fault.end(world, lost);
      comeHome(world, users);
      if (fault == Fault.PLANT) {
        plant(world, untilThen);
      }
      judge(world, users, untilThen, faultNanos);
      keepLogs(world, users, faultNanos);
    }
  }

  /** Brings the users home under load, where they left. */
  private void comeHome(World world, Users users) throws Exception {
    long end = System.nanoTime() + HOMEWARD.toNanos();
    if (!homeward) {
      users.pay(PER_SECOND, Duration.ofSeconds(3));
      seen.unanswered += users.finish(Duration.ofSeconds(10));
      return;
    }
    boolean ordered = !fault.moves;
    do {
      ordered = ordered || world.resume(lost);
      users.pay(PER_SECOND, Duration.ofSeconds(1));
    } while (fault.moves && !isHome(world) && System.nanoTime() < end);
    if (fault.moves && !isHome(world)) {
      seen.violations.add("not at home again: " + world.groups());
    }
    seen.unanswered += users.finish(Duration.ofSeconds(10));
  }

  private static boolean isHome(World world) throws Exception {
    String groups = world.groups().replaceAll("\\s", "");
    return groups.split("\"phase\":\"active\"", -1).length - 1 == World.REGIONS.size();
  }

  /** A write that left before its user moved reaches a region that has forgotten its fence. */
  private void plant(World world, List<Ledger.Entry> journal) throws Exception {
    Ledger.Entry old =
        journal.stream()
            .filter(entry -> entry.region().equals(World.REGIONS.get(lost)))
            .findFirst()
            .orElseThrow();
    HttpRequest late =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + world.region(lost).port() + "/wallet"))
            .header("X-Avalo-User", old.user())
            .header("X-Pin-Cell", old.cell())
            .header("X-Pin-Epoch", Long.toString(old.epoch()))
            .header("X-Pin-Until", Long.toString(System.currentTimeMillis() + 900))
            .header("Idempotency-Key", "planted")
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    HttpClient.newHttpClient().send(late, HttpResponse.BodyHandlers.ofString());
  }

  private void judge(World world, Users users, List<Ledger.Entry> untilThen, long faultNanos) {
    // Before the journal, so that what was booked meanwhile is not taken for lost.
    List<Users.Payment> accepted =
        users.payments().stream().filter(payment -> payment.tookNanos() >= 0).toList();
    seen.payments += users.payments().size();
    History all = History.of(world.ledger().journal());
    History away = History.of(untilThen);
    seen.times++;
    seen.stale += all.stale();
    seen.twice += all.twice();
    seen.overlapping += all.overlapping();
    seen.fenced += world.ledger().stale() + world.ledger().late();
    seen.moved += away.moved();
    seen.unneeded += fault.moves ? away.unneeded(World.REGIONS.get(lost)) : away.moved();
    all.violations().stream().limit(5).forEach(seen.violations::add);
    users.refusals().forEach((status, count) -> seen.refusals.merge(status, count, Integer::sum));
    List<Long> gaps = new ArrayList<>();
    for (Users.Payment payment : accepted) {
      seen.lost += all.holds(payment.key()) ? 0 : 1;
      long since = payment.startNanos() - faultNanos;
      if (since > AFTER.toNanos()) {
        seen.homeNanos = Math.max(seen.homeNanos, payment.tookNanos());
      } else if (since < HIT.toNanos()
          && since > -BEFORE.toNanos()
          && since + payment.tookNanos() > 0
          && (!fault.moves || away.livedIn(payment.user(), World.REGIONS.get(lost)))) {
        gaps.add(payment.tookNanos());
      }
    }
    seen.gaps.addAll(gaps);
    System.out.printf(
        "  %s of %s: worst %d ms, p99 %d ms%n",
        fault.name, World.REGIONS.get(lost), Seen.millis(gaps, 1), Seen.millis(gaps, 0.99));
  }

  /** What the gateways saw, and what the slowest payments since the fault went through. */
  private void keepLogs(World world, Users users, long faultNanos) throws Exception {
    if (!seen.isGood(fault)) {
      Path logs = Files.createTempFile("pins-" + fault.name + "-", ".log");
      StringBuilder text = new StringBuilder(world.logs());
      text.append("the fault: ").append(Instant.now().minusNanos(System.nanoTime() - faultNanos));
      users.payments().stream()
          .filter(payment -> payment.startNanos() > faultNanos - BEFORE.toNanos())
          .sorted(Comparator.comparingLong(Users.Payment::tookNanos).reversed())
          .limit(50)
          .forEach(
              payment ->
                  text.append("\n%s at %+d ms%s".formatted(
                      payment.user(),
                      TimeUnit.NANOSECONDS.toMillis(payment.startNanos() - faultNanos),
                      payment.story())));
      Files.writeString(logs, text);
      System.err.println("logs of the gateways: " + logs);
    }
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException stopped) {
      throw new IllegalStateException(stopped);
    }
  }
}
