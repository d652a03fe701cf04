package app.avalo.gateway.observe.source;

import static app.avalo.gateway.observe.SourceMetric.ACCESS_LOG_LINES;
import static app.avalo.gateway.observe.SourceMetric.BEACON_REPORTS;
import static app.avalo.gateway.observe.SourceMetric.BUILD;
import static app.avalo.gateway.observe.SourceMetric.CONNECTION_ROUND_TRIPS;
import static app.avalo.gateway.observe.SourceMetric.GEO_BUILT;
import static app.avalo.gateway.observe.SourceMetric.GEO_LAST_LOAD;
import static app.avalo.gateway.observe.SourceMetric.GEO_LOADED;
import static app.avalo.gateway.observe.SourceMetric.GEO_LOOKUPS;
import static app.avalo.gateway.observe.SourceMetric.LATENCY_PAIRS;
import static app.avalo.gateway.observe.SourceMetric.LIMIT_DECIDED_BY;
import static app.avalo.gateway.observe.SourceMetric.LIMIT_DECISIONS;
import static app.avalo.gateway.observe.SourceMetric.LIMIT_DEGRADED;
import static app.avalo.gateway.observe.SourceMetric.LIMIT_PACE;
import static app.avalo.gateway.observe.SourceMetric.LIMIT_SHUT_OUT;
import static app.avalo.gateway.observe.SourceMetric.PIN_EVENTS;
import static app.avalo.gateway.observe.SourceMetric.RECOVERIES;
import static app.avalo.gateway.observe.SourceMetric.RECOVERY;
import static app.avalo.gateway.observe.SourceMetric.REDIS_FAILURES;
import static app.avalo.gateway.observe.SourceMetric.REDIS_UP;
import static app.avalo.gateway.observe.SourceMetric.REGION_DOUBT;
import static app.avalo.gateway.observe.SourceMetric.REGION_PANIC;
import static app.avalo.gateway.observe.SourceMetric.REGION_SHARE;
import static app.avalo.gateway.observe.SourceMetric.REGION_STANDING;
import static app.avalo.gateway.observe.SourceMetric.STREAMS;
import static app.avalo.gateway.observe.SourceMetric.WEBSOCKETS;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.beacon.Beacons;
import app.avalo.gateway.filter.beacon.Beacons.Verdict;
import app.avalo.gateway.filter.geo.GeoDatabaseWatch;
import app.avalo.gateway.filter.geo.GeoStatus;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.limit.Limits;
import app.avalo.gateway.filter.limit.open.Ceilings;
import app.avalo.gateway.filter.pin.PinCounters;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.observe.AccessLog;
import app.avalo.gateway.observe.MetricSources;
import app.avalo.gateway.observe.MetricSources.Sample;
import app.avalo.gateway.observe.SourceMetric;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.region.recovery.Recoveries;
import app.avalo.gateway.region.recovery.Recovery;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Connects the parts of a gateway with their metrics; one call per part, at the start. */
public final class PartSources {
  private final MetricSources sources;

  public PartSources(MetricSources sources) {
    this.sources = sources;
  }

  /** Standing and share of the regions of the plan in force. */
  public PartSources regions(Health health, Supplier<Plan> plan) {
    sources.set(
        REGION_SHARE,
        () ->
            each(plan.get().regions(), region -> Sample.of(share(health, region), region.name())));
    sources.value(REGION_DOUBT, () -> health.inDoubt() ? 1 : 0);

    sources.set(
        REGION_STANDING,
        () ->
            each(
                plan.get().regions(),
                region -> Sample.of(number(health.standing(region)), region.name())));
    sources.value(REGION_PANIC, () -> health.panic() ? 1 : 0);
    return this;
  }

  private static double share(Health health, Region region) {
    return health.standing(region) == Standing.OUT ? 0 : health.share(region) / 1024.0;
  }

  /** How long losses of regions took. */
  public PartSources recoveries(Recoveries recoveries, Supplier<Plan> plan) {
    sources.set(
        RECOVERY,
        () -> {
          Map<List<String>, Recovery> last = new LinkedHashMap<>();
          recoveries.all().forEach(each -> last.put(List.of(each.service(), each.region()), each));
          return each(
              last.values(),
              recovery ->
                  Sample.of(recovery.millis() / 1e3, recovery.service(), recovery.region()));
        });
    sources.set(
        RECOVERIES,
        () -> {
          List<Sample> samples = new ArrayList<>();
          Map<String, Recoveries.Counts> counts = new TreeMap<>(recoveries.counts());
          // From zero on: of a series that begins with one nobody sees that it has grown.
          plan.get()
              .services()
              .forEach(service -> counts.computeIfAbsent(service.name(), Recoveries.Counts::none));
          counts.forEach(
              (service, of) -> {
                samples.add(Sample.of(of.inTime().sum(), service, "in_time"));
                samples.add(Sample.of(of.late().sum(), service, "late"));
              });
          return samples;
        });
    return this;
  }

  private static double number(Standing standing) {
    return switch (standing) {
      case OUT -> 0;
      case SUSPECT -> 1;
      case DRAINING -> 1.5;
      case IN_SERVICE -> 2;
    };
  }

  /** Decisions of limits, and what is open. */
  public PartSources limits(Limits limits, Ceilings ceilings) {
    sources.set(
        LIMIT_DECISIONS,
        () -> {
          List<Sample> samples = new ArrayList<>();
          limits
              .counts()
              .forEach(
                  (policy, counts) -> {
                    samples.add(Sample.of(counts.allowed(), policy, "allowed"));
                    samples.add(Sample.of(counts.refused(), policy, "refused"));
                    samples.add(Sample.of(counts.shadowed(), policy, "shadowed"));
                  });
          return samples;
        });
    sources.set(
        LIMIT_DEGRADED,
        () ->
            each(
                limits.counts().entrySet(),
                policy -> Sample.of(policy.getValue().degraded(), policy.getKey())));
    sources.set(
        LIMIT_DECIDED_BY,
        () -> {
          List<Sample> samples = new ArrayList<>();
          limits
              .counts()
              .forEach(
                  (policy, counts) ->
                      counts
                          .by()
                          .forEach(
                              (by, count) -> samples.add(Sample.of(count, policy, by.label()))));
          return samples;
        });
    sources.set(
        LIMIT_PACE,
        () ->
            each(
                limits.counts().keySet(),
                policy -> Sample.of(limits.percent(policy) / 100.0, policy)));
    sources.set(
        LIMIT_SHUT_OUT,
        () -> each(limits.counts().keySet(), policy -> Sample.of(limits.shutOut(policy), policy)));
    sources.set(
        WEBSOCKETS,
        () ->
            each(
                ceilings.webSockets().open().entrySet(),
                open -> Sample.of(open.getValue(), open.getKey())));
    sources.set(
        STREAMS,
        () ->
            each(
                ceilings.streams().open().entrySet(),
                open -> Sample.of(open.getValue(), open.getKey())));
    return this;
  }

  /** Events of pins and cookies. */
  public PartSources pins(PinCounters counters) {
    sources.set(
        PIN_EVENTS,
        () ->
            each(
                List.of(PinCounters.Event.values()),
                event -> Sample.of(counters.count(event), event.label())));
    return this;
  }

  /**
   * The roads to Redis.
   *
   * @param links figures of all loops' links; empty without Redis
   */
  public PartSources redis(Supplier<List<RedisLink.Stats>> links) {
    sources.set(
        REDIS_UP,
        () -> {
          List<RedisLink.Stats> stats = links.get();
          boolean up = stats.stream().allMatch(RedisLink.Stats::up);
          return stats.isEmpty() ? List.of() : List.of(Sample.of(up ? 1 : 0));
        });
    sources.set(
        REDIS_FAILURES,
        () -> {
          Map<String, Function<RedisLink.Stats, Long>> kinds =
              Map.of(
                  "timeout", RedisLink.Stats::timeouts,
                  "error", RedisLink.Stats::errors,
                  "reconnect", RedisLink.Stats::reconnects);
          return each(
              kinds.entrySet(),
              kind ->
                  Sample.of(
                      links.get().stream().mapToLong(kind.getValue()::apply).sum(), kind.getKey()));
        });
    return this;
  }

  /** The GeoIP databases of places and of networks. */
  public PartSources geo(GeoDatabaseWatch watch, GeoDatabaseWatch networks) {
    Map<String, GeoDatabaseWatch> databases = Map.of("places", watch, "networks", networks);
    geo(GEO_LOADED, databases, status -> status.loaded() ? 1 : 0);
    geo(GEO_LAST_LOAD, databases, status -> status.lastLoadGood() ? 1 : 0);
    geo(GEO_BUILT, databases, GeoStatus::buildEpochSeconds);
    sources.set(
        GEO_LOOKUPS,
        () -> {
          GeoStatus status = watch.status();
          return List.of(
              Sample.of(status.lookups() - status.failedLookups(), "answered"),
              Sample.of(status.failedLookups(), "failed"));
        });
    return this;
  }

  private void geo(
      SourceMetric metric,
      Map<String, GeoDatabaseWatch> databases,
      ToDoubleFunction<GeoStatus> value) {
    sources.set(
        metric,
        () ->
            each(
                databases.entrySet(),
                each -> Sample.of(value.applyAsDouble(each.getValue().status()), each.getKey())));
  }

  /** What is learned of round trips, and from whom. */
  public PartSources latencies(LatencyModel model, Beacons beacons) {
    sources.value(LATENCY_PAIRS, model::pairs);
    sources.set(
        CONNECTION_ROUND_TRIPS,
        () ->
            each(
                List.of(Verdict.ACCEPTED, Verdict.IMPOSSIBLE, Verdict.TOO_OFTEN),
                verdict -> Sample.of(beacons.connections(verdict), verdict.label())));
    sources.set(
        BEACON_REPORTS,
        () ->
            each(
                List.of(Verdict.values()),
                verdict -> Sample.of(beacons.count(verdict), verdict.label())));
    return this;
  }

  /** Lines of the access log. */
  public PartSources accessLog(AccessLog log) {
    sources.set(
        ACCESS_LOG_LINES,
        () ->
            List.of(
                Sample.of(log.written(), "written"),
                Sample.of(log.dropped(), "dropped"),
                Sample.of(log.lost(), "lost")));
    return this;
  }

  /** The build. */
  public PartSources build(String version) {
    String java = Runtime.version().toString();
    sources.set(BUILD, () -> List.of(Sample.of(1, version, java)));
    return this;
  }

  private static <T> List<Sample> each(Collection<T> things, Function<T, Sample> sample) {
    List<Sample> samples = new ArrayList<>(things.size());
    for (T thing : things) {
      samples.add(sample.apply(thing));
    }
    return samples;
  }
}
