package app.avalo.gateway.observe;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the values of {@link SourceMetric}s come from. Sources are asked at each scrape, on the
 * scraping thread, so they must be safe there and quick; one that throws only loses its own
 * metrics.
 */
public final class MetricSources implements MultiCollector {
  private static final Logger LOG = LoggerFactory.getLogger(MetricSources.class);

  private final Map<SourceMetric, Supplier<List<Sample>>> sources =
      new EnumMap<>(SourceMetric.class);
  private final List<Supplier<Map<SourceMetric, List<Sample>>>> groups = new ArrayList<>();

  /**
   * One value.
   *
   * @param value ignored for info metrics
   * @param labels values in the order of the metric's label names, from the configuration only
   */
  public record Sample(double value, List<String> labels) {
    public static Sample of(double value, String... labels) {
      return new Sample(value, List.of(labels));
    }
  }

  /** Names the source of a metric, in place of an earlier one. */
  public synchronized MetricSources set(SourceMetric metric, Supplier<List<Sample>> source) {
    sources.put(metric, source);
    return this;
  }

  /** Names the source of several metrics, which is asked once per scrape for all of them. */
  public synchronized MetricSources together(Supplier<Map<SourceMetric, List<Sample>>> source) {
    groups.add(source);
    return this;
  }

  /** A metric without labels. */
  public MetricSources value(SourceMetric metric, java.util.function.DoubleSupplier source) {
    return set(metric, () -> List.of(Sample.of(source.getAsDouble())));
  }

  @Override
  public synchronized MetricSnapshots collect() {
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    sources.forEach(
        (metric, source) ->
            guarded(metric.metricName(), () -> all.metricSnapshot(snapshot(metric, source.get()))));
    for (Supplier<Map<SourceMetric, List<Sample>>> group : groups) {
      guarded(
          "several",
          () ->
              group
                  .get()
                  .forEach((metric, samples) -> all.metricSnapshot(snapshot(metric, samples))));
    }
    return all.build();
  }

  private static void guarded(String metric, Runnable collect) {
    try {
      collect.run();
    } catch (RuntimeException defect) {
      LOG.atWarn()
          .addKeyValue("metric", metric)
          .addKeyValue("error", defect.toString())
          .log("metric source failed");
    }
  }

  private static MetricSnapshot snapshot(SourceMetric metric, List<Sample> samples) {
    Map<Labels, Double> values = new LinkedHashMap<>();
    for (Sample sample : samples) {
      values.put(Labels.of(metric.labels(), sample.labels()), sample.value());
    }
    if (metric.isCounter()) {
      CounterSnapshot.Builder counter = CounterSnapshot.builder();
      values.forEach(
          (labels, value) ->
              counter.dataPoint(
                  CounterSnapshot.CounterDataPointSnapshot.builder()
                      .labels(labels)
                      .value(value)
                      .build()));
      return counter.name(bare(metric, "_total")).help(metric.help()).build();
    }
    if (metric.isInfo()) {
      InfoSnapshot.Builder info = InfoSnapshot.builder();
      values.forEach(
          (labels, value) ->
              info.dataPoint(InfoSnapshot.InfoDataPointSnapshot.builder().labels(labels).build()));
      return info.name(bare(metric, "_info")).help(metric.help()).build();
    }
    GaugeSnapshot.Builder gauge = GaugeSnapshot.builder();
    values.forEach(
        (labels, value) ->
            gauge.dataPoint(
                GaugeSnapshot.GaugeDataPointSnapshot.builder()
                    .labels(labels)
                    .value(value)
                    .build()));
    return gauge.name(metric.metricName()).help(metric.help()).build();
  }

  private static String bare(SourceMetric metric, String suffix) {
    String name = metric.metricName();
    return name.substring(0, name.length() - suffix.length());
  }
}
