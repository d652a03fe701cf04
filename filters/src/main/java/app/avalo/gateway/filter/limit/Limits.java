package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.FewBuckets;
import app.avalo.gateway.filter.limit.bucket.LocalBuckets;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.override.LimitOverride;
import app.avalo.gateway.filter.limit.override.Overrides;
import app.avalo.gateway.filter.time.Ticker;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.EnumMap;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The state of all limits in this process, shared by all event loops and untouched by reloads: its
 * buckets, what Redis has said of others, and counts for metrics. Safe from every thread.
 */
public final class Limits {
  private static final int FEWER = 6; // words; one more than who is gone may be counted for

  private final Ticker ticker;
  private final Room room;
  private final ConcurrentHashMap<Use, LocalBuckets> tables = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Queue<Tally>> tallies = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Pace> paces = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Offenders> offenders = new ConcurrentHashMap<>();
  private final Overrides overrides;
  private volatile int replicas; // replicas()
  private int fewer; // how many words in a row were lower, likewise
  private int highest; // of those, likewise
  private volatile Filled lastFilled = new Filled("", ""); // filled()
  private volatile Map<String, LimitConfig> policies = Map.of(); // keep()
  private boolean kept; // likewise
  private long keptNanos; // likewise

  /**
   * No buckets yet; they may fill an eighth of the heap.
   *
   * @param replicas to assume until Redis has told how many there are
   */
  public Limits(Ticker ticker, int replicas) {
    this(ticker, replicas, Room.ofHeap());
  }

  Limits(Ticker ticker, int replicas, Room room) {
    this.ticker = ticker;
    this.replicas = replicas;
    this.room = room;
    this.overrides = new Overrides(ticker, this::ended);
  }

  /** What a table is for. */
  enum Purpose {
    /** Decides. */
    BUCKETS,
    /** What Redis said. */
    NOTES,
    /** Decides while Redis does not answer. */
    SHARE
  }

  /**
   * Whom a table is for.
   *
   * @param subject of an override, which has a table of its own as a table has one shape; empty for
   *     all callers of the tier
   */
  record Callers(String tier, String subject) {
    static Callers of(String tier) {
      return new Callers(tier, "");
    }
  }

  /** A key whose buckets were filled up, and what came after it. */
  static final class Filled {
    final String policy;
    final String key;
    volatile @Nullable Filled next; // Limits.filled()

    private Filled(String policy, String key) {
      this.policy = policy;
      this.key = key;
    }
  }

  private record Use(String policy, Callers callers, Purpose purpose) {}

  /**
   * Decisions of one policy on one event loop since the start. Only the loop adds, so it needs no
   * atomic addition; anybody reads.
   */
  static final class Tally {
    private static final By[] ALL = By.values();

    // Outcomes; few objects are touched, as this is done for each request.
    private static final int ALLOWED = 0;
    private static final int REFUSED = 1;
    private static final int SHADOWED = 2; // would have been refused
    private static final int OUTCOMES = 3;

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] cells = new long[ALL.length * OUTCOMES];

    void add(LimitVerdict verdict) {
      int outcome = verdict.allowed() ? ALLOWED : verdict.policy().shadow() ? SHADOWED : REFUSED;
      int cell = verdict.by().ordinal() * OUTCOMES + outcome;
      CELL.setOpaque(cells, cell, cells[cell] + 1);
    }

    Counts counts() {
      long[] outcomes = new long[OUTCOMES];
      Map<By, Long> deciders = new EnumMap<>(By.class);
      for (int cell = 0; cell < cells.length; cell++) {
        long decisions = (long) CELL.getOpaque(cells, cell);
        if (decisions > 0) {
          outcomes[cell % OUTCOMES] += decisions;
          deciders.merge(ALL[cell / OUTCOMES], decisions, Long::sum);
        }
      }
      return new Counts(outcomes[ALLOWED], outcomes[REFUSED], outcomes[SHADOWED], deciders);
    }
  }

  /**
   * Decisions of one policy since the start of the process.
   *
   * @param allowed requests with enough tokens
   * @param refused requests it turned away
   * @param shadowed requests it would have turned away, were it not in shadow mode
   * @param by the same decisions by who made them
   */
  public record Counts(long allowed, long refused, long shadowed, Map<By, Long> by) {
    public static final Counts NONE = new Counts(0, 0, 0, Map.of());

    /** Decisions made without the shared store. */
    public long degraded() {
      return by.entrySet().stream()
          .filter(entry -> entry.getKey().degraded())
          .mapToLong(Map.Entry::getValue)
          .sum();
    }

    private Counts and(Counts more) {
      Map<By, Long> deciders = new EnumMap<>(By.class);
      deciders.putAll(by);
      more.by.forEach((each, decisions) -> deciders.merge(each, decisions, Long::sum));
      return new Counts(
          allowed + more.allowed, refused + more.refused, shadowed + more.shadowed, deciders);
    }
  }

  /** Counts by policy name, for metrics and admin. */
  public Map<String, Counts> counts() {
    Map<String, Counts> counts = new TreeMap<>();
    tallies.forEach(
        (policy, loops) -> {
          Counts all = loops.stream().map(Tally::counts).reduce(Counts.NONE, Counts::and);
          if (!all.by().isEmpty()) {
            counts.put(policy, all);
          }
        });
    return counts;
  }

  /** Buckets held in this process, approximately. */
  public long localBuckets() {
    return tables.values().stream().mapToLong(LocalBuckets::size).sum();
  }

  /** Tables that hold them. */
  int tables() {
    return tables.size();
  }

  /** What a policy grants now, in percent of its rates. */
  public int percent(String policy) {
    Pace pace = paces.get(policy);
    return pace == null ? 100 : pace.percent();
  }

  /** Keys that a policy has shut out. */
  public int shutOut(String policy) {
    Offenders known = offenders.get(policy);
    return known == null ? 0 : known.shut();
  }

  Pace pace(String policy) {
    return paces.computeIfAbsent(policy, unknown -> new Pace(ticker));
  }

  Offenders offenders(String policy) {
    return offenders.computeIfAbsent(policy, unknown -> new Offenders(ticker));
  }

  /** Other rates of single callers. */
  public Overrides overrides() {
    return overrides;
  }

  /** Gateways that share the limits, this one included. */
  public int replicas() {
    return replicas;
  }

  /**
   * Redis says how many gateways there are, each second. More hold at once, fewer only when it has
   * said so several times: a Redis that is back has heard of few of those that still decide by
   * their shares.
   */
  public synchronized void replicas(int counted) {
    highest = fewer == 0 ? counted : Math.max(highest, counted);
    if (counted < replicas && ++fewer < FEWER) {
      return;
    }
    replicas = Math.max(1, highest);
    fewer = 0;
  }

  /** The last key whose buckets were filled up; each loop goes on from the one it saw last. */
  Filled lastFilled() {
    return lastFilled;
  }

  synchronized void filled(String policy, String key) {
    Filled next = new Filled(policy, key);
    lastFilled.next = next;
    lastFilled = next;
  }

  Ticker ticker() {
    return ticker;
  }

  LocalBuckets few(String policy, Callers callers) {
    return tables.computeIfAbsent(
        new Use(policy, callers, Purpose.BUCKETS), unknown -> new FewBuckets(ticker));
  }

  /** In place of few, if the key of the policy had few values before. */
  CompactBuckets many(String policy, Callers callers, Purpose purpose, Shape shape) {
    CompactBuckets usual =
        callers.subject().isEmpty()
            ? null
            : many(policy, Callers.of(callers.tier()), purpose, shape);
    return (CompactBuckets)
        tables.compute(
            new Use(policy, callers, purpose),
            (use, known) ->
                known instanceof CompactBuckets
                    ? known
                    : new CompactBuckets(shape, ticker, room, usual));
  }

  /** What a share of a bucket has let pass was paid. */
  void repaid(String policy, Callers callers, BucketKey key, long tokens) {
    LocalBuckets share = tables.get(new Use(policy, callers, Purpose.SHARE));
    if (share != null) {
      share.giveBack(key, tokens);
    }
  }

  /**
   * Forgets the buckets of policies that are no more, and what is known of them that they do not
   * need any more. A loop that follows late, to a plan that another loop has left, changes nothing.
   *
   * @param sinceNanos start of the exchange that brought them
   */
  synchronized void keep(Map<String, LimitConfig> policies, long sinceNanos) {
    if (kept && sinceNanos - keptNanos < 0) {
      return;
    }
    kept = true;
    keptNanos = sinceNanos;
    this.policies = policies;
    paces.keySet().removeIf(name -> !holds(policies.get(name), policy -> !policy.steady()));
    offenders.keySet().removeIf(name -> !holds(policies.get(name), p -> p.timeOut() != null));
    forget(use -> !policies.containsKey(use.policy()), CompactBuckets::close);
  }

  /** Policies by name as the newest plan has them that any loop has met; another map for each. */
  Map<String, LimitConfig> policies() {
    return policies;
  }

  private static boolean holds(@Nullable LimitConfig policy, Predicate<LimitConfig> condition) {
    return policy != null && condition.test(policy);
  }

  /** What a caller had with other rates is what it has with the usual ones: as full. */
  private void ended(LimitOverride over) {
    forget(
        use -> use.policy().equals(over.policy()) && use.callers().subject().equals(over.subject()),
        CompactBuckets::handBack);
  }

  private void forget(Predicate<Use> ended, Consumer<CompactBuckets> last) {
    tables
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone = ended.test(entry.getKey());
              if (gone && entry.getValue() instanceof CompactBuckets many) {
                last.accept(many);
              }
              return gone;
            });
  }

  /** For one event loop to count the decisions of a policy in, each request once. */
  Tally tally(String policy) {
    Tally made = new Tally();
    tallies.computeIfAbsent(policy, first -> new ConcurrentLinkedQueue<>()).add(made);
    return made;
  }
}
