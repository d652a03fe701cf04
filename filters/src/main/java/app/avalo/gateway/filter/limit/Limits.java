package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.FewBuckets;
import app.avalo.gateway.filter.limit.bucket.LocalBuckets;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.limit.override.LimitOverride;
import app.avalo.gateway.filter.limit.override.Overrides;
import app.avalo.gateway.filter.time.Ticker;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The state of all limits in this process, shared by all event loops and untouched by reloads: its
 * buckets, what Redis has said of others, and counts for metrics. Safe from every thread.
 */
public final class Limits {
  private final Ticker ticker;
  private final Room room;
  private final ConcurrentHashMap<Use, LocalBuckets> tables = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Tally> tallies = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Pace> paces = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Offenders> offenders = new ConcurrentHashMap<>();
  private final Overrides overrides;
  private volatile int replicas;
  private volatile Filled lastFilled = new Filled("", ""); // filled()

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

  /** Decisions of one policy since the start, each request counted once per policy it met. */
  private static final class Tally {
    final LongAdder allowed = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder shadowed = new LongAdder();
    final Map<By, LongAdder> by = new EnumMap<>(By.class);

    Tally() {
      for (By each : By.values()) {
        by.put(each, new LongAdder());
      }
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
  }

  /** Counts by policy name, for metrics and admin. */
  public Map<String, Counts> counts() {
    Map<String, Counts> counts = new TreeMap<>();
    tallies.forEach(
        (policy, tally) ->
            counts.put(
                policy,
                new Counts(
                    tally.allowed.sum(),
                    tally.refused.sum(),
                    tally.shadowed.sum(),
                    tally.by.entrySet().stream()
                        .filter(entry -> entry.getValue().sum() > 0)
                        .collect(
                            Collectors.toMap(Map.Entry::getKey, each -> each.getValue().sum())))));
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

  /** Redis says how many gateways there are. */
  public void replicas(int counted) {
    replicas = Math.max(1, counted);
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

  /** Forgets the buckets of policies that are no more. */
  void keep(Set<String> policies) {
    paces.keySet().retainAll(policies);
    offenders.keySet().retainAll(policies);
    forget(use -> !policies.contains(use.policy()), CompactBuckets::close);
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

  void count(LimitVerdict verdict) {
    LimitConfig policy = verdict.policy();
    Tally tally = tallies.get(policy.name());
    if (tally == null) {
      tally = tallies.computeIfAbsent(policy.name(), name -> new Tally());
    }
    if (verdict.allowed()) {
      tally.allowed.increment();
    } else if (policy.shadow()) {
      tally.shadowed.increment();
    } else {
      tally.refused.increment();
    }
    tally.by.get(verdict.by()).increment();
  }
}
