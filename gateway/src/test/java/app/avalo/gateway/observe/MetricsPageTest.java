package app.avalo.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricsPageTest {
  private static final long MILLIS = 1_000_000;

  private final RequestMetrics metrics = new RequestMetrics();
  private final MetricSources sources = new MetricSources();
  private final MetricsPage page = new MetricsPage(metrics, sources);
  private final MetricsFilter loop = new MetricsFilter(metrics);

  @AfterEach
  void close() {
    page.close();
  }

  private String text() {
    return page.render(null).body().toString();
  }

  private static void end(MetricsFilter loop, Exchange exchange, int status, long millis) {
    exchange.status(status);
    exchange.ended(exchange.startNanos() + millis * MILLIS);
    loop.end(exchange);
  }

  private static Exchange served(Plan plan, int attempts) {
    Exchange exchange = Exchanges.on(plan).live();
    for (int i = 0; i < attempts; i++) {
      exchange.attempt(plan.regions().get(i));
    }
    exchange.firstByteNanos(exchange.startNanos() + 30 * MILLIS);
    return exchange;
  }

  @Test
  void requestsOfAllLoopsAreSummed() {
    Plan plan = Plans.minimal().compile();
    MetricsFilter other = new MetricsFilter(metrics);
    end(loop, served(plan, 1), 200, 40);
    end(other, served(plan, 1), 204, 40);
    end(other, served(plan, 1), 404, 40);
    assertThat(text())
        .contains(
            "gateway_requests_total{region=\"eu\",route=\"all\",service=\"feed\",status_class=\"2xx\"} 2.0")
        .contains(
            "gateway_requests_total{region=\"eu\",route=\"all\",service=\"feed\",status_class=\"4xx\"} 1.0");
  }

  @Test
  void durationsFallIntoBucketsWhoseBoundsAreThePlatformsTargets() {
    Plan plan = Plans.minimal().compile();
    for (long millis : new long[] {100, 101, 400, 401, 1200, 1201, 60_000}) {
      end(loop, served(plan, 1), 200, millis);
    }
    assertThat(text())
        .contains("gateway_request_duration_seconds_bucket{route=\"all\",le=\"0.1\"} 1")
        .contains("gateway_request_duration_seconds_bucket{route=\"all\",le=\"0.2\"} 2")
        .contains("gateway_request_duration_seconds_bucket{route=\"all\",le=\"0.4\"} 3")
        .contains("gateway_request_duration_seconds_bucket{route=\"all\",le=\"1.2\"} 5")
        .contains("gateway_request_duration_seconds_bucket{route=\"all\",le=\"+Inf\"} 7")
        .contains("gateway_request_duration_seconds_sum{route=\"all\"} 63.403");
  }

  @Test
  void retriesAndUpstreamTimesAreCountedForTheRegionThatServed() {
    end(loop, served(Plans.minimal().compile(), 3), 200, 50);
    assertThat(text())
        .contains("gateway_retries_total{service=\"feed\"} 2.0")
        .contains("gateway_upstream_duration_seconds_count{region=\"asia\",service=\"feed\"} 1");
  }

  @Test
  void anAttemptBesideALateOneIsNoRetry() {
    Exchange exchange = served(Plans.minimal().compile(), 3);
    exchange.hedged();
    end(loop, exchange, 200, 50);
    assertThat(text())
        .contains("gateway_retries_total{service=\"feed\"} 1.0")
        .contains("gateway_hedges_total{service=\"feed\"} 1.0");
  }

  @Test
  void aWebSocketCountsAsARequestButHasNoDuration() {
    end(loop, served(Plans.minimal().compile(), 1), 101, 3_600_000);
    assertThat(text())
        .contains("status_class=\"1xx\"} 1.0")
        .contains("gateway_request_duration_seconds_count{route=\"all\"} 0");
  }

  @Test
  void aRequestThatWasCutOffBeforeAnAnswerCountsByItsError() {
    Exchange gone = Exchanges.on(Plans.minimal().compile()).live();
    gone.failed(new GatewayError(GatewayError.Kind.CLIENT_GONE, "left"));
    end(loop, gone, 0, 5);
    assertThat(text())
        .contains("gateway_errors_total{kind=\"client-gone\"} 1.0")
        .contains("region=\"-\",route=\"all\",service=\"feed\",status_class=\"4xx\"} 1.0");
  }

  @Test
  void aReloadThatMovesARouteLeavesItsCountersGrowing() {
    RouteConfig first = Routes.toFeed().name("first").path("/a").build();
    RouteConfig second = Routes.toFeed().name("second").path("/b").build();
    Plan before = Plans.minimal().route(first).route(second).compile();
    Plan after = Plans.minimal().route(second).compile();
    end(loop, Exchanges.on(before).route(0).live(), 200, 1);
    end(loop, Exchanges.on(before).route(1).live(), 200, 1);
    end(loop, Exchanges.on(after).route(0).live(), 200, 1);
    end(loop, Exchanges.on(before).route(1).live(), 200, 1);
    assertThat(text())
        .contains("route=\"first\",service=\"feed\",status_class=\"2xx\"} 1.0")
        .contains("route=\"second\",service=\"feed\",status_class=\"2xx\"} 3.0");
  }

  @Test
  void whatIsOnlyExplainedIsNotCounted() {
    end(loop, Exchanges.on(Plans.minimal()).explained(), 200, 1);
    assertThat(text()).doesNotContain("gateway_requests_total{");
  }

  @Test
  void nothingThatAClientSendsBecomesASeries() {
    Plan plan = Plans.minimal().compile();
    end(loop, Exchanges.on(plan).live(), 200, 1);
    long before = text().lines().filter(line -> line.startsWith("gateway_")).count();
    for (int i = 0; i < 500; i++) {
      end(
          loop,
          Exchanges.on(plan).method("M" + i).host("h" + i).path("/" + i).user("u" + i).live(),
          200,
          1);
    }
    assertThat(text().lines().filter(line -> line.startsWith("gateway_")).count())
        .isEqualTo(before);
  }

  @Test
  void aSourceThatThrowsLosesOnlyItsOwnMetric() {
    sources.set(
        SourceMetric.CONNECTIONS,
        () -> {
          throw new IllegalStateException("gone");
        });
    sources.value(SourceMetric.INFLIGHT, () -> 3);
    assertThat(text()).contains("gateway_inflight_requests 3.0").contains("jvm_memory_used_bytes");
  }

  @Test
  void aScraperThatAsksForOpenMetricsGetsIt() {
    MetricsPage.Page open =
        page.render("application/openmetrics-text; version=1.0.0,text/plain;q=0.5");
    assertThat(open.contentType()).startsWith("application/openmetrics-text");
    assertThat(open.body().toString()).endsWith("# EOF\n");
    assertThat(page.render("*/*").contentType()).startsWith("text/plain");
  }

  @Test
  void namesAndLabelsAreThoseOfTheGoldenFile() throws IOException {
    end(loop, served(Plans.minimal().compile(), 2), 200, 10);
    for (SourceMetric metric : SourceMetric.values()) {
      String[] values = new String[metric.labels().size()];
      Arrays.fill(values, "x");
      sources.set(metric, () -> java.util.List.of(MetricSources.Sample.of(1, values)));
    }
    TreeSet<String> names = new TreeSet<>();
    for (String line : text().split("\n")) {
      if (line.startsWith("# TYPE gateway_")) {
        names.add(line.substring(2));
      } else if (line.startsWith("gateway_")) {
        names.add(line.substring(0, line.lastIndexOf(' ')).replaceAll("=\"[^\"]*\"", ""));
      }
    }
    byte[] golden = MetricsPageTest.class.getResourceAsStream("metrics.golden").readAllBytes();
    assertThat(String.join("\n", names) + "\n")
        .isEqualTo(new String(golden, StandardCharsets.UTF_8));
  }
}
