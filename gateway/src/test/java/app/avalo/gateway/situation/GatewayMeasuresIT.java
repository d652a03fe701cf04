package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.explain;
import static app.avalo.gateway.situation.Answers.steps;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A gateway that decides by its own round trips knows regions that it sends nothing to. */
class GatewayMeasuresIT {
  private final ThreeRegions regions = new ThreeRegions();
  private final RunningGateway gateway =
      RunningGateway.start(
          ThreeRegions.PLACES.replace(
                  "placing:\n", "placing:\n  latency: {here: us, nearestTo: gateway}\n")
              + """
              services:
                feed: {%s}
              routes:
                - name: routing
                  match: {path: /routing}
                  routing:
                    origins: {eu: "https://eu.test", us: "https://us.test", asia: "https://asia.test"}
                    probe: /ping
                - {name: all, match: {path: {prefix: /}}, service: feed}
              """
                  .formatted(regions.everywhere()));

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  @Test
  void checks_measure_the_way_to_every_region_before_the_first_request() {
    Awaiting.until(() -> gateway.gateway().health().probedOnce());
    Awaiting.until(() -> gateway.gateway().shared().latencies().pairs() == 3);

    String reasons =
        steps(explain(gateway, "GET", "/", ThreeRegions.TOKYO), "region preference").toString();
    assertThat(reasons.split("by 1 samples of the prefix", -1)).as(reasons).hasSize(4);
  }

  @Test
  void a_client_is_told_to_go_directly_where_the_way_by_this_gateway_is_far_longer() {
    Awaiting.until(() -> gateway.gateway().shared().latencies().pairs() == 3);

    JsonObject far = primary(ThreeRegions.TOKYO);

    assertThat(far.getString("region")).isEqualTo("asia");
    assertThat(far.getDouble("viaGatewayMillis"))
        .isGreaterThan(far.getDouble("expectedMillis") + 100);
    assertThat(far.getBoolean("goDirect")).isTrue();
    assertThat(primary(ThreeRegions.SAN_FRANCISCO).getString("region")).isEqualTo("us");
    // The first check of a busy machine may be slow; those after it say how near it is.
    Awaiting.until(() -> !primary(ThreeRegions.SAN_FRANCISCO).getBoolean("goDirect"));
  }

  private JsonObject primary(String client) {
    String answer = gateway.get("/routing?service=feed", "X-Forwarded-For", client).body();
    return new JsonObject(answer).getJsonObject("primary");
  }
}
