package app.avalo.gateway.run;

import app.avalo.gateway.alert.Webhook;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.observe.AccessLog;
import app.avalo.gateway.observe.MetricSources;
import app.avalo.gateway.observe.MetricSources.Sample;
import app.avalo.gateway.observe.MetricsPage;
import app.avalo.gateway.observe.RequestMetrics;
import app.avalo.gateway.observe.SourceMetric;
import app.avalo.gateway.observe.source.BudgetSources;
import app.avalo.gateway.observe.source.PartSources;
import app.avalo.gateway.observe.source.PinSources;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * What monitoring sees of one gateway. Made before Vert.x, which reports its pools here; connected
 * with the parts once they run.
 *
 * @param requests counters of all loops
 * @param sources figures that the parts keep themselves
 * @param page everything as one text
 * @param accessLog one line per request
 */
public record Observed(
    RequestMetrics requests, MetricSources sources, MetricsPage page, AccessLog accessLog) {

  /**
   * Monitoring for a gateway that is about to start.
   *
   * @param accessLogTo {@code stdout}, {@code off} or a file path
   */
  public static Observed of(String accessLogTo) {
    RequestMetrics requests = new RequestMetrics();
    MetricSources sources = new MetricSources();
    return new Observed(
        requests, sources, new MetricsPage(requests, sources), new AccessLog(accessLogTo));
  }

  void connect(Gateway gateway, Shared shared, Supplier<Plan> plan) {
    new PartSources(sources)
        .regions(shared.health(), plan)
        .recoveries(shared.health().recoveries(), plan)
        .limits(shared.limits(), shared.ceilings())
        .pins(shared.pinCounters())
        .redis(() -> links(gateway))
        .geo(shared.database(), shared.networks())
        .latencies(shared.latencies(), shared.beacons())
        .accessLog(accessLog)
        .build(version());
    new BudgetSources(shared.ledger(), plan).connect(sources);
    new PinSources(shared.keepers(), plan, Ticker.SYSTEM).connect(sources);
    sources.value(SourceMetric.PIN_WAITING, () -> gateway.waiting());
    sources.value(SourceMetric.CONNECTIONS, () -> shared.openConnections().count());
    sources.set(
        SourceMetric.WEBHOOK_DELIVERIES,
        () -> {
          List<Sample> samples = new ArrayList<>();
          for (Webhook.Result result : Webhook.Result.values()) {
            samples.add(Sample.of(shared.webhook().count(result), result.label()));
          }
          return samples;
        });
    sources.value(SourceMetric.WEBHOOK_WAITING, () -> shared.webhook().waiting());
    sources.value(SourceMetric.INFLIGHT, gateway::inFlight);
    sources.value(SourceMetric.CONFIG_SUCCESSFUL, () -> gateway.lastReload().successful() ? 1 : 0);
    sources.set(
        SourceMetric.CONFIG_RELOADS,
        () ->
            List.of(
                Sample.of(gateway.lastReload().reloads(), "success"),
                Sample.of(gateway.lastReload().failures(), "failure")));
    sources.set(
        SourceMetric.CONFIG_FINGERPRINT,
        () -> List.of(Sample.of(1, gateway.lastReload().fingerprint())));
  }

  private static List<RedisLink.Stats> links(Gateway gateway) {
    List<RedisLink.Stats> links = new ArrayList<>();
    for (LoopVerticle loop : gateway.loops()) {
      RedisLink.Stats stats = loop.redis();
      if (stats != null) {
        links.add(stats);
      }
    }
    return links;
  }

  private static String version() {
    return Objects.requireNonNullElse(
        Gateway.class.getPackage().getImplementationVersion(), "unpackaged");
  }

  void close() {
    accessLog.close();
    page.close();
  }
}
