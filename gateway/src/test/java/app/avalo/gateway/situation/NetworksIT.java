package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.explain;
import static app.avalo.gateway.situation.Answers.steps;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.geo.MmdbWriter;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two prefixes of one network, told by a database of networks: one measures, both gain. */
class NetworksIT {
  private static final String MEASURES = "192.0.2.1";
  private static final String SAME_NETWORK = "192.0.3.1";
  private static final String OTHER_NETWORK = "192.0.4.1";
  private static final String BERLIN = "country: DE, latitude: 52.5, longitude: 13.4";

  private final ThreeRegions regions = new ThreeRegions();
  private RunningGateway gateway;

  @BeforeEach
  void start(@TempDir Path directory) {
    Path networks =
        MmdbWriter.of("GeoLite2-ASN", 6, 24)
            .put("192.0.2.0/23", Map.of("autonomous_system_number", 64500))
            .put("192.0.4.0/24", Map.of("autonomous_system_number", 64501))
            .write(directory.resolve("asn.mmdb"));
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                    .replace(
                        "placing:\n", "placing:\n  latency: {networks: \"" + networks + "\"}\n")
                    .replace("ranges:\n", "ranges:\n    - {block: 192.0.0.0/16, " + BERLIN + "}\n")
                + """
                services:
                  feed: {%s}
                routes:
                  - {name: all, match: {path: {prefix: /}}, service: feed}
                  - name: routing
                    match: {path: /routing}
                    routing: {origins: {eu: "https://eu.test", us: "https://us.test"}}
                """
                    .formatted(regions.everywhere()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  private String explained(String client, String subject) {
    return steps(explain(gateway, "GET", "/", client), subject).toString();
  }

  @Test
  void what_one_prefix_measures_serves_its_network() {
    String invitation =
        new JsonObject(gateway.get("/routing?service=feed", "X-Forwarded-For", MEASURES).body())
            .getString("invitation");

    HttpRequest report =
        HttpRequest.newBuilder(gateway.uri("/routing?eu=400&us=110&invitation=" + invitation))
            .POST(HttpRequest.BodyPublishers.noBody())
            .header("X-Forwarded-For", MEASURES)
            .build();
    assertThat(gateway.send(report).statusCode()).isEqualTo(204);

    assertThat(explained(MEASURES, "place")).contains("network=64500");
    assertThat(explained(SAME_NETWORK, "region preference")).contains("samples of the network");
    assertThat(explained(OTHER_NETWORK, "place")).contains("network=64501");
    assertThat(explained(OTHER_NETWORK, "region preference"))
        .contains("samples of the country")
        .doesNotContain("samples of the network");
  }

  @Test
  void the_database_in_use_shows_in_the_metrics() {
    URI uri = URI.create("http://127.0.0.1:" + gateway.adminPort() + "/metrics");

    assertThat(gateway.send(HttpRequest.newBuilder(uri).build()).body())
        .contains("gateway_geo_database_loaded{database=\"networks\"} 1.0")
        .contains("gateway_geo_database_loaded{database=\"places\"} 0.0")
        .contains("gateway_geo_database_last_load_successful{database=\"networks\"} 1.0");
  }
}
