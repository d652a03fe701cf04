package app.avalo.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Dashboards and alert rules ask only for metrics that exist. */
class DashboardsTest {
  private static final Path DOCKER = Path.of("..", "docker");
  private static final Pattern OWN = Pattern.compile("\\bgateway_[a-z0-9_]+");
  private static final Pattern OF_THE_PROCESS = Pattern.compile("\\b(jvm|process)_[a-z0-9_]+");

  /** Appears with the first collection, so a fresh page has none. */
  private static final String COLLECTIONS = "jvm_gc_pause_seconds_sum";

  private static Set<String> names(Pattern pattern, String text) {
    Set<String> names = new TreeSet<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      names.add(matcher.group());
    }
    return names;
  }

  /** Names of all series in the golden file, without its lines about types. */
  private static Set<String> golden() throws IOException {
    try (InputStream in = DashboardsTest.class.getResourceAsStream("metrics.golden")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      Set<String> series = new TreeSet<>();
      text.lines()
          .filter(line -> !line.startsWith("TYPE "))
          .forEach(line -> series.addAll(names(OWN, line)));
      return series;
    }
  }

  private static String alerts() throws IOException {
    return Files.readString(DOCKER.resolve("prometheus/alerts.yaml"));
  }

  private static String dashboard() throws IOException {
    return Files.readString(DOCKER.resolve("grafana/dashboards/gateway.json"));
  }

  private static List<String> expressions(JsonObject dashboard) {
    List<String> expressions = new ArrayList<>();
    for (Object panel : dashboard.getJsonArray("panels")) {
      for (Object target : ((JsonObject) panel).getJsonArray("targets", new JsonArray())) {
        expressions.add(((JsonObject) target).getString("expr"));
      }
    }
    return expressions;
  }

  @Test
  void alert_rules_use_metrics_of_the_golden_file() throws IOException {
    // Budgets, regions, configuration, Redis and traffic each have a rule.
    assertThat(names(OWN, alerts())).hasSizeGreaterThan(8).isSubsetOf(golden());
  }

  @Test
  void the_dashboard_uses_metrics_of_the_golden_file_and_of_the_process() throws IOException {
    String text = dashboard();
    assertThat(expressions(new JsonObject(text))).hasSizeGreaterThan(20).doesNotContainNull();
    assertThat(names(OWN, text)).hasSizeGreaterThan(15).isSubsetOf(golden());

    try (MetricsPage page = new MetricsPage(new RequestMetrics(), new MetricSources())) {
      Set<String> served = names(OF_THE_PROCESS, page.render(null).body().toString());
      served.add(COLLECTIONS);
      assertThat(names(OF_THE_PROCESS, text)).isNotEmpty().isSubsetOf(served);
    }
  }

  @Test
  void what_limits_and_budgets_tell_is_on_the_dashboard_and_in_the_readme() throws IOException {
    Set<String> told = golden();
    told.removeIf(name -> !name.matches("gateway_(limit|budget|webhook|streams|redis).*"));

    assertThat(told).hasSizeGreaterThan(10);
    assertThat(names(OWN, dashboard())).containsAll(told);
    assertThat(names(OWN, Files.readString(Path.of("README.md")))).containsAll(told);
  }

  @Test
  void every_alert_has_a_severity_and_says_what_it_means() throws IOException {
    int alerts = alerts().split("- alert: ", -1).length - 1;
    assertThat(alerts().split("severity: (page|ticket)", -1)).hasSize(alerts + 1);
    assertThat(alerts().split("summary: ", -1)).hasSize(alerts + 1);
  }
}
