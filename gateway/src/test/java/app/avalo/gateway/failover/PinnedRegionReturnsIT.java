package app.avalo.gateway.failover;

import static app.avalo.gateway.region.Standing.IN_SERVICE;
import static app.avalo.gateway.region.Standing.OUT;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.Standing;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A region comes back after its users have moved: all stay where they are until it is trusted. */
@Tag("alone")
class PinnedRegionReturnsIT {
  private final ThreeRegions regions = new ThreeRegions();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + """
                services:
                  chat: {pin: {contract: move}, %s}
                routes:
                  - {name: chat, match: {path: {prefix: /}}, service: chat}
                """
                    .formatted(regions.everywhere()));
    Awaiting.until(gateway.gateway()::isReady);
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  @Test
  void users_who_moved_stay_and_new_ones_join_them_until_the_region_is_trusted_again() {
    String beforeLoss = cookie(chat("none"));
    regions.eu().mode(Mode.RESET_BEFORE_HEAD);
    await(OUT);
    HttpResponse<String> moved = chat(beforeLoss);
    regions.eu().mode(Mode.NORMAL);
    await(IN_SERVICE);

    HttpResponse<String> stayed = chat(cookie(moved));
    HttpResponse<String> newcomer = chat("none");

    assertThat(region(moved)).isNotEqualTo("eu");
    assertThat(region(stayed)).isEqualTo(region(moved));
    assertThat(epoch(stayed)).isEqualTo(epoch(moved));
    assertThat(region(newcomer)).as("at home in eu, served where its cells are").isNotEqualTo("eu");
  }

  @Test
  void a_cookie_from_before_the_move_does_not_lead_back() {
    String beforeLoss = cookie(chat("none"));
    regions.eu().mode(Mode.RESET_BEFORE_HEAD);
    await(OUT);
    HttpResponse<String> moved = chat(beforeLoss);
    regions.eu().mode(Mode.NORMAL);
    await(IN_SERVICE);

    HttpResponse<String> secondDevice = chat(beforeLoss);

    assertThat(region(secondDevice)).isEqualTo(region(moved));
    assertThat(epoch(secondDevice)).isEqualTo(epoch(moved));
  }

  private HttpResponse<String> chat(String cookie) {
    return gateway.get("/chat", "X-Forwarded-For", ThreeRegions.BERLIN, "Cookie", cookie);
  }

  private void await(Standing standing) {
    Awaiting.until(
        () ->
            gateway.gateway().health().standing(gateway.gateway().plan().region("eu")) == standing);
  }

  private static String cookie(HttpResponse<String> answer) {
    String set = answer.headers().firstValue("Set-Cookie").orElseThrow();
    return set.substring(0, set.indexOf(';'));
  }

  private static String region(HttpResponse<String> answer) {
    return answer.headers().firstValue("X-Region").orElse("nobody");
  }

  private static long epoch(HttpResponse<String> answer) {
    return Long.parseLong(
        new JsonObject(answer.body()).getJsonObject("headers").getString("x-pin-epoch"));
  }
}
