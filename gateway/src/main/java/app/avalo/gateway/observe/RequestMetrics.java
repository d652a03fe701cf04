package app.avalo.gateway.observe;

import app.avalo.gateway.filter.GatewayError;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/** The counters of all event loops, summed when somebody asks. Safe from every thread. */
public final class RequestMetrics implements MultiCollector {
  private final List<LoopMetrics> loops = new CopyOnWriteArrayList<>();

  /** Counters for one more loop. */
  LoopMetrics loop() {
    LoopMetrics loop = new LoopMetrics();
    loops.add(loop);
    return loop;
  }

  @Override
  public MetricSnapshots collect() {
    return MetricSnapshots.builder()
        .metricSnapshot(requests())
        .metricSnapshot(durations())
        .metricSnapshot(upstreams())
        .metricSnapshot(bytes("gateway_request_bytes", "Body bytes received from clients.", 0))
        .metricSnapshot(bytes("gateway_response_bytes", "Body bytes sent to clients.", 1))
        .metricSnapshot(
            further(
                "gateway_retries",
                "Attempts after another one failed, by service.",
                LoopMetrics.RETRIES))
        .metricSnapshot(
            further(
                "gateway_hedges",
                "Attempts beside another one that was late, by service.",
                LoopMetrics.HEDGES))
        .metricSnapshot(errors())
        .build();
  }

  /** Sums of the same labels over all loops, in the order of the labels. */
  private Map<Labels, long[]> sums(int cells, BiConsumer<LoopMetrics, Adder> loopToCells) {
    Map<Labels, long[]> sums = new TreeMap<>(Comparator.comparing(Labels::toString));
    for (LoopMetrics loop : loops) {
      loopToCells.accept(loop, labels -> sums.computeIfAbsent(labels, key -> new long[cells]));
    }
    return sums;
  }

  /** Finds where the cells of these labels are summed. */
  private interface Adder {
    long[] of(Labels labels);
  }

  private CounterSnapshot requests() {
    CounterSnapshot.Builder counter =
        CounterSnapshot.builder()
            .name("gateway_requests")
            .help("Requests that ended, by route, service, region that served, and status class.");
    sums(
            LoopMetrics.CLASSES,
            (loop, to) ->
                loop.requests.forEach(
                    (key, cells) ->
                        cells.addTo(
                            to.of(
                                Labels.of(
                                    "route", key.route(),
                                    "service", key.service(),
                                    "region", key.region())))))
        .forEach(
            (labels, classes) -> {
              for (int i = 0; i < classes.length; i++) {
                if (classes[i] > 0) {
                  String label = i == 0 ? "none" : i + "xx";
                  point(counter, labels.add("status_class", label), classes[i]);
                }
              }
            });
    return counter.build();
  }

  private static void point(CounterSnapshot.Builder counter, Labels labels, double value) {
    counter.dataPoint(
        CounterSnapshot.CounterDataPointSnapshot.builder().labels(labels).value(value).build());
  }

  private HistogramSnapshot durations() {
    return histogram(
        "gateway_request_duration_seconds",
        "From a request's arrival to the end of its answer; WebSockets excepted.",
        sums(
            Histogram.CELLS,
            (loop, to) ->
                loop.routes.forEach(
                    (route, cells) -> cells.duration.addTo(to.of(Labels.of("route", route))))));
  }

  private HistogramSnapshot upstreams() {
    return histogram(
        "gateway_upstream_duration_seconds",
        "From a request's arrival to the first byte of the service's answer, retries included.",
        sums(
            Histogram.CELLS,
            (loop, to) ->
                loop.upstreams.forEach(
                    (key, cells) ->
                        cells.addTo(
                            to.of(Labels.of("service", key.service(), "region", key.region()))))));
  }

  private static HistogramSnapshot histogram(String name, String help, Map<Labels, long[]> sums) {
    HistogramSnapshot.Builder histogram = HistogramSnapshot.builder().name(name).help(help);
    double[] bounds = Histogram.bounds();
    sums.forEach(
        (labels, cells) -> {
          long[] counts = java.util.Arrays.copyOf(cells, bounds.length);
          histogram.dataPoint(
              HistogramSnapshot.HistogramDataPointSnapshot.builder()
                  .labels(labels)
                  .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, counts))
                  .sum(cells[Histogram.CELLS - 1] / 1e9)
                  .build());
        });
    return histogram.build();
  }

  private CounterSnapshot bytes(String name, String help, int direction) {
    CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
    sums(
            2,
            (loop, to) ->
                loop.routes.forEach(
                    (route, cells) -> cells.bytes.addTo(to.of(Labels.of("route", route)))))
        .forEach((labels, bytes) -> point(counter, labels, bytes[direction]));
    return counter.build();
  }

  private CounterSnapshot further(String name, String help, int kind) {
    CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
    sums(
            2,
            (loop, to) ->
                loop.further.forEach(
                    (service, cells) -> cells.addTo(to.of(Labels.of("service", service)))))
        .forEach((labels, attempts) -> point(counter, labels, attempts[kind]));
    return counter.build();
  }

  private CounterSnapshot errors() {
    CounterSnapshot.Builder counter =
        CounterSnapshot.builder()
            .name("gateway_errors")
            .help("Requests that the gateway answered or cut off itself, by kind of error.");
    GatewayError.Kind[] kinds = GatewayError.Kind.values();
    long[] sums = new long[kinds.length];
    loops.forEach(loop -> loop.errors.addTo(sums));
    for (GatewayError.Kind kind : kinds) {
      // All kinds from the start, so that a rate over the first error is not lost.
      point(counter, Labels.of("kind", kind.label()), sums[kind.ordinal()]);
    }
    return counter.build();
  }
}
