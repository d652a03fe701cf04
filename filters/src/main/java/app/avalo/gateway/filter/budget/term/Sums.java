package app.avalo.gateway.filter.budget.term;

import app.avalo.gateway.filter.budget.journal.Counter;
import app.avalo.gateway.filter.budget.lease.Lease;
import app.avalo.gateway.filter.budget.lease.Statement;
import app.avalo.gateway.filter.budget.pace.Standing;
import app.avalo.gateway.filter.budget.price.Price;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Money by service, and by label: region, tier and day; of this replica and, as far as it heard, of
 * others. What a service spent and holds is one counter, the labels of a request together another,
 * so a request moves two. Bounded: tiers beyond the bound are summed up as {@code other}. Guarded
 * by its owner.
 */
public final class Sums {
  private static final int MOST = 512;
  private static final String OTHER = "tier:other";

  /** What silent replicas had leased, see {@code budget-lease.lua}; nobody's demand. */
  private static final String EXPIRED = "(expired)";

  private final Function<String, Counter> counters;
  private final boolean labelled;
  private final Map<String, Sum> services = new LinkedHashMap<>();
  private final Map<Labels, Sum> parts = new HashMap<>(); // of this day, and what came late
  private String day = "";
  private String lastService = ""; // whose sum was asked for last, and that sum
  private @Nullable Sum ofLastService;
  private @Nullable Labels lastLabels; // likewise
  private @Nullable Sum ofLastLabels;
  private final Map<String, Long> known = new LinkedHashMap<>(); // by label, besides parts
  private final Map<String, Long> others = new LinkedHashMap<>(); // services
  private List<String> heard = List.of(); // services that any replica charged
  private final Map<String, Long> otherParts = new LinkedHashMap<>(); // all other labels
  private final Map<String, Long> stated = new HashMap<>(); // own, by day, as the store knows them

  /** Of one service, or of what has the same labels. */
  private static final class Sum {
    private final Counter counter;
    private final String[] labels; // none of a service
    private long micros; // spent
    private long since; // of it by requests of this process
    private long held;

    private Sum(Counter counter, String... labels) {
      this.counter = counter;
      this.labels = labels;
    }

    private void move(long by) {
      micros = Price.signed(micros, by); // a credit note may outweigh what was spent
    }

    private void hold(long more) {
      held = Price.signed(held, more);
      count();
    }

    private void settle(long released, long cost) {
      move(cost);
      since = Price.add(since, cost);
      held -= released;
      count();
    }

    private void count() {
      counter.set(Price.add(since, held), held);
    }
  }

  /**
   * No sums yet.
   *
   * @param counters by service or labels
   * @param labelled whether more than services is told apart
   */
  public Sums(Function<String, Counter> counters, boolean labelled) {
    this.counters = counters;
    this.labelled = labelled;
  }

  static boolean isService(String label) {
    return label.indexOf(':') < 0;
  }

  /** Services are as many as are configured. */
  private Sum service(String name) {
    Sum sum = ofLastService;
    if (sum == null || !lastService.equals(name)) {
      Sum known = services.get(name);
      sum = known == null ? begin(name) : known;
      ofLastService = sum;
      lastService = name;
    }
    return sum;
  }

  private Sum begin(String service) {
    Sum sum = new Sum(counters.apply(service));
    services.put(service, sum);
    return sum;
  }

  private Sum part(Labels labels) {
    Sum sum = ofLastLabels;
    if (sum == null || labels != lastLabels) {
      Sum known = parts.get(labels);
      sum = known == null ? begin(labels) : known;
      ofLastLabels = sum;
      lastLabels = labels;
    }
    return sum;
  }

  /** Hardly anybody spends on a day that is over; who does has parts of that day. */
  private Sum begin(Labels labels) {
    if (labels.day().compareTo(day) > 0) {
      day = labels.day();
      parts.values().forEach(this::fold);
      parts.clear();
    }
    Labels under = parts.size() < MOST ? labels : labels.ofOthers();
    return parts.computeIfAbsent(
        under, first -> new Sum(counters.apply(first.text()), first.each()));
  }

  private void fold(Sum sum) {
    for (String label : sum.labels) {
      boolean room = known.size() < MOST || known.containsKey(label);
      known.merge(room ? label : OTHER, sum.micros, Price::signed);
    }
    sum.counter.end();
  }

  /** What the ledger says already. */
  void known(String label, long micros) {
    if (isService(label)) {
      service(label).move(micros);
    } else {
      known.merge(label, micros, Price::signed);
    }
  }

  /** More is held for a service, or less. */
  void hold(String service, long micros) {
    service(service).hold(micros);
  }

  /** What was held turned into its true cost. */
  void settle(String service, Labels labels, long held, long cost) {
    service(service).settle(held, cost);
    if (labelled) {
      part(labels).settle(0, cost);
    }
  }

  /** Nothing is added any more, or from zero again. */
  void end() {
    services.values().forEach(sum -> sum.counter.end());
    parts.values().forEach(sum -> sum.counter.end());
    services.clear();
    parts.clear();
    ofLastService = null;
    ofLastLabels = null;
    known.clear();
  }

  /**
   * Takes over what the store answered.
   *
   * @param first whether what was stated before is not known here yet, as far as it is not on disk
   * @return what was not, by label
   */
  Map<String, Long> leased(Lease lease, Statement said, boolean first) {
    Map<String, Long> found = new LinkedHashMap<>();
    for (int i = 0; i < lease.byService().length; i++) {
      String label = said.services().get(i);
      long stated = lease.statedBy()[i];
      if (first && stated > said.byService()[i]) {
        found.put(label, stated - said.byService()[i]);
      }
      if (label.startsWith(Span.DAY)) {
        this.stated.put(label, stated);
      }
      (isService(label) ? others : otherParts).put(label, lease.byService()[i] - stated);
    }
    others.remove(EXPIRED, 0L);
    heard = lease.services();
    found.forEach(this::known);
    return found;
  }

  private Map<String, Long> own() {
    Map<String, Long> own = new LinkedHashMap<>(known);
    services.forEach((name, sum) -> own.put(name, sum.micros));
    for (Sum sum : parts.values()) {
      for (String label : sum.labels) {
        own.merge(label, sum.micros, Price::signed);
      }
    }
    return own;
  }

  /** Own sums, in the order of these labels. */
  long[] own(List<String> labels) {
    Map<String, Long> own = own();
    return labels.stream().mapToLong(label -> own.getOrDefault(label, 0L)).toArray();
  }

  /** What the ledger said already, in the order of these labels. */
  long[] known(List<String> labels) {
    Map<String, Long> before = new LinkedHashMap<>(known);
    services.forEach((name, sum) -> before.put(name, sum.micros - sum.since));
    return labels.stream().mapToLong(label -> before.getOrDefault(label, 0L)).toArray();
  }

  /**
   * What a statement has to name: services, those of others too, and own labels, but days only as
   * they may change, or the store was away since they did.
   */
  List<String> labels(List<String> named, long nowMillis) {
    Set<String> labels = new LinkedHashSet<>(named);
    labels.addAll(heard);
    labels.add(EXPIRED);
    String today = Span.day(nowMillis);
    String yesterday = Span.day(nowMillis - Span.DAY_MILLIS);
    own()
        .forEach(
            (label, micros) -> {
              if (!label.startsWith(Span.DAY)
                  || label.equals(today)
                  || label.equals(yesterday)
                  || micros > stated.getOrDefault(label, 0L)) {
                labels.add(label);
              }
            });
    return List.copyOf(labels);
  }

  /** All there is, own and others'. */
  Map<String, Long> all() {
    Map<String, Long> all = new LinkedHashMap<>(others);
    all.putAll(otherParts);
    own().forEach((label, micros) -> all.merge(label, micros, Price::signed));
    return all;
  }

  /** Likewise of services alone. */
  Map<String, Long> services() {
    Map<String, Long> all = new LinkedHashMap<>(others);
    services.forEach((name, sum) -> all.merge(name, sum.micros, Price::signed));
    return all;
  }

  /** Of services by their standing; asked often. */
  long[] by(Map<String, Standing> standings) {
    long[] by = new long[Standing.values().length];
    services.forEach((name, sum) -> add(by, standings.get(name), sum.micros));
    others.forEach(
        (name, micros) -> add(by, standings.get(name), name.equals(EXPIRED) ? 0 : micros));
    return by;
  }

  private static void add(long[] by, @Nullable Standing standing, long micros) {
    int i = (standing == null ? Standing.OTHER : standing).ordinal();
    by[i] = Price.signed(by[i], micros);
  }
}
