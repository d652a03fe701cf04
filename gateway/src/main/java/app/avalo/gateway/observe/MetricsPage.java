package app.avalo.gateway.observe;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * All metrics of the process as one text: requests, the parts' own sources, JVM and Vert.x. Safe
 * from every thread; rendering takes milliseconds, so it belongs on a worker.
 */
public final class MetricsPage implements AutoCloseable {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, registry, Clock.SYSTEM);
  private final JvmGcMetrics collections = new JvmGcMetrics();

  /**
   * What a scraper gets.
   *
   * @param contentType of the format chosen
   * @param body the text
   */
  public record Page(String contentType, Buffer body) {}

  /** A page of these and of the process. */
  public MetricsPage(RequestMetrics requests, MetricSources sources) {
    meters.config().meterFilter(MeterFilter.deny(MetricsPage::isOfRedis));
    registry.register(requests);
    registry.register(sources);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new FileDescriptorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
    collections.bindTo(meters);
  }

  /** Of a pool of one connection, of which each attempt to connect makes another. */
  private static boolean isOfRedis(Meter.Id id) {
    return "redis".equals(id.getTag("pool_type"));
  }

  /**
   * Lets Vert.x report its worker pools here. Everything it would measure per request or connection
   * stays off: it costs more than the relay itself, and its labels hold what clients send.
   */
  public VertxBuilder measure(VertxBuilder builder, VertxOptions options) {
    MicrometerMetricsOptions metrics = new MicrometerMetricsOptions().setEnabled(true);
    for (MetricsDomain domain : MetricsDomain.values()) {
      if (domain != MetricsDomain.NAMED_POOLS) {
        metrics.addDisabledMetricsCategory(domain);
      }
    }
    metrics.getDisabledMetricsCategories().add("redis"); // a type of client, in no domain
    return builder
        .with(options.setMetricsOptions(metrics))
        .withMetrics(new MicrometerMetricsFactory(meters));
  }

  /** For further binders. */
  public MeterRegistry meters() {
    return meters;
  }

  /**
   * The page in the format that the scraper prefers: Prometheus text, or OpenMetrics if it asks.
   *
   * @param accept the Accept header, or null
   */
  public Page render(@Nullable String accept) {
    String contentType =
        accept != null && accept.contains("application/openmetrics-text") ? OPEN_METRICS : TEXT;
    ByteArrayOutputStream text = new ByteArrayOutputStream(32 << 10);
    try {
      meters.scrape(text, contentType);
    } catch (IOException memoryDoesNotFail) {
      throw new UncheckedIOException(memoryDoesNotFail);
    }
    return new Page(contentType, Buffer.buffer(text.toByteArray()));
  }

  @Override
  public void close() {
    collections.close();
    meters.close();
  }
}
