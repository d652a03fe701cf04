package app.avalo.gateway.filter.budget;

import app.avalo.gateway.filter.budget.price.Price;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Money by label: service, and with a prefix region, tier and day; of this replica and, as far as
 * it heard, of others. Bounded: what comes beyond the bound is summed up as {@code other}. Guarded
 * by its owner; adding makes no garbage.
 */
final class Sums {
  private static final int MOST = 512;
  private static final String OTHER = "tier:other";

  private final Map<String, long[]> own = new LinkedHashMap<>();
  private final Map<String, Long> others = new LinkedHashMap<>();

  /**
   * Under what one cost is summed up: service, tier, day, region.
   *
   * @param subject as a ledger writes them
   */
  record Labels(
      String service, String tier, String day, String region, List<String> each, String subject) {
    private static Labels of(String service, String tier, String day, @Nullable String region) {
      List<String> each =
          region == null
              ? List.of(service, "tier:" + tier, day)
              : List.of(service, "tier:" + tier, day, "region:" + region);
      String at = region == null ? "" : region;
      return new Labels(service, tier, day, at, each, String.join("|", each));
    }

    private boolean fits(String service, String tier, String day, @Nullable String region) {
      return this.service.equals(service)
          && this.tier.equals(tier)
          && this.day.equals(day)
          && this.region.equals(region == null ? "" : region);
    }
  }

  /** Labels that were used lately, as most settlements have some of few. Safe from every thread. */
  static final class Kept {
    private static final int PLACES = 64;

    private final AtomicReferenceArray<Labels> places = new AtomicReferenceArray<>(PLACES);

    Labels of(String service, String tier, String day, @Nullable String region) {
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

  void add(String label, long micros) {
    long[] sum = own.get(label);
    if (sum == null) {
      sum = own.computeIfAbsent(own.size() < MOST ? label : OTHER, first -> new long[1]);
    }
    sum[0] = micros < 0 ? sum[0] + micros : Price.add(sum[0], micros);
  }

  /** What others spent under a label. */
  void ofOthers(String label, long micros) {
    others.put(label, Math.max(0, micros));
  }

  /** Own sums, in the order of these labels. */
  long[] own(List<String> labels) {
    long[] of = new long[labels.size()];
    for (int i = 0; i < of.length; i++) {
      long[] sum = own.get(labels.get(i));
      of[i] = sum == null ? 0 : sum[0];
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
    own.forEach((label, sum) -> all.merge(label, sum[0], Price::add));
    return all;
  }

  /** Likewise of services alone. */
  Map<String, Long> services() {
    Map<String, Long> services = all();
    services.keySet().removeIf(label -> !isService(label));
    return services;
  }
}
