package app.avalo.gateway.filter.budget.term;

import app.avalo.gateway.filter.budget.journal.Counter;
import app.avalo.gateway.filter.budget.price.Price;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Money by label: service, and with a prefix region, tier and day; of this replica and, as far as
 * it heard, of others. Bounded: what comes beyond the bound is summed up as {@code other}. Guarded
 * by its owner; adding makes no garbage.
 */
public final class Sums {
  private static final int MOST = 512;
  private static final String OTHER = "tier:other";

  private final Function<String, Counter> counters;
  private final boolean labelled;
  private final Map<String, Sum> own = new LinkedHashMap<>();
  private final Map<String, Long> others = new LinkedHashMap<>();

  /** Under one label. */
  private static final class Sum {
    private final Counter counter;
    private long micros; // spent
    private long since; // of it by requests of this process
    private long held;

    private Sum(Counter counter) {
      this.counter = counter;
    }

    private void move(long by) {
      micros = by < 0 ? micros + by : Price.add(micros, by);
    }

    private void count() {
      counter.set(Price.add(since, held), held);
    }
  }

  /**
   * No sums yet.
   *
   * @param counters by label
   * @param labelled whether more than services is told apart
   */
  public Sums(Function<String, Counter> counters, boolean labelled) {
    this.counters = counters;
    this.labelled = labelled;
  }

  /**
   * Under what one cost is summed up.
   *
   * @param each the service first
   */
  public record Labels(String service, String tier, String day, String region, List<String> each) {
    private static Labels of(String service, String tier, String day, @Nullable String region) {
      List<String> each =
          region == null
              ? List.of(service, "tier:" + tier, day)
              : List.of(service, "tier:" + tier, day, "region:" + region);
      return new Labels(service, tier, day, region == null ? "" : region, each);
    }

    private boolean fits(String service, String tier, String day, @Nullable String region) {
      return this.service.equals(service)
          && this.tier.equals(tier)
          && this.day.equals(day)
          && this.region.equals(region == null ? "" : region);
    }
  }

  /** Labels that were used lately, as most settlements have some of few. Safe from every thread. */
  public static final class Kept {
    private static final int PLACES = 64;

    private final AtomicReferenceArray<Labels> places = new AtomicReferenceArray<>(PLACES);

    public Labels of(String service, String tier, String day, @Nullable String region) {
      int hash =
          31 * service.hashCode() + tier.hashCode() + (region == null ? 0 : region.hashCode());
      int place = (hash ^ hash >>> 16) & PLACES - 1;
      Labels known = places.getPlain(place);
      if (known == null || !known.fits(service, tier, day, region)) {
        known = Labels.of(service, tier, day, region);
        places.set(place, known);
      }
      return known;
    }
  }

  static boolean isService(String label) {
    return label.indexOf(':') < 0;
  }

  private Sum sum(String label) {
    Sum sum = own.get(label);
    return sum == null ? begin(label) : sum;
  }

  /** Services are as many as are configured, so they always have a sum of their own. */
  private Sum begin(String label) {
    String under = own.size() < MOST || isService(label) ? label : OTHER;
    return own.computeIfAbsent(under, first -> new Sum(counters.apply(first)));
  }

  /** What the ledger says already. */
  void known(String label, long micros) {
    sum(label).move(micros);
  }

  /** More is held for a service, or less. */
  void hold(String service, long micros) {
    Sum sum = sum(service);
    sum.held = Price.signed(sum.held, micros);
    sum.count();
  }

  /**
   * What was held turned into its true cost.
   *
   * @param labels the service first
   */
  void settle(List<String> labels, long held, long cost) {
    for (int i = 0; i < (labelled ? labels.size() : 1); i++) {
      Sum sum = sum(labels.get(i));
      sum.move(cost);
      sum.since = Price.add(sum.since, cost);
      sum.held -= i == 0 ? held : 0;
      sum.count();
    }
  }

  /** Nothing is added any more, or from zero again. */
  void end() {
    own.values().forEach(sum -> sum.counter.end());
    own.clear();
  }

  /** What others spent under a label. */
  void ofOthers(String label, long micros) {
    others.put(label, Math.max(0, micros));
  }

  /** Own sums, in the order of these labels. */
  long[] own(List<String> labels) {
    long[] of = new long[labels.size()];
    for (int i = 0; i < of.length; i++) {
      Sum sum = own.get(labels.get(i));
      of[i] = sum == null ? 0 : sum.micros;
    }
    return of;
  }

  /** What a statement has to name: services and own labels, but days only as they may change. */
  List<String> labels(List<String> services, long nowMillis) {
    Set<String> labels = new LinkedHashSet<>(services);
    String today = Span.day(nowMillis);
    String yesterday = Span.day(nowMillis - Span.DAY_MILLIS);
    for (String label : own.keySet()) {
      if (!label.startsWith(Span.DAY) || label.equals(today) || label.equals(yesterday)) {
        labels.add(label);
      }
    }
    return List.copyOf(labels);
  }

  /** All there is, own and others'. */
  Map<String, Long> all() {
    Map<String, Long> all = new LinkedHashMap<>(others);
    own.forEach((label, sum) -> all.merge(label, sum.micros, Price::add));
    return all;
  }

  /** Likewise of services alone. */
  Map<String, Long> services() {
    Map<String, Long> services = all();
    services.keySet().removeIf(label -> !isService(label));
    return services;
  }
}
