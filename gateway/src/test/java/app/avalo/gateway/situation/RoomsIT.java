package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.post;
import static app.avalo.gateway.situation.Answers.received;
import static app.avalo.gateway.situation.Answers.servedBy;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A service binds what a header names: all who name a room meet in one region. */
class RoomsIT {
  private static final String ALICE = "the-key-of-alice";
  private static final String BOB = "the-key-of-bob-1";
  private static final String OPERATOR = "operator-token-0123456789";

  private final ThreeRegions regions = new ThreeRegions();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.startExactly(
            RunningGateway.COMMON.replace(
                    "admin: {address: \"127.0.0.1:0\"}",
                    """
                    admin:
                      address: "127.0.0.1:0"
                      credentials: [{name: oscar, token: "${env:NONE:-%s}", role: operator}]"""
                        .formatted(OPERATOR))
                + ThreeRegions.PLACES
                + """
                identity:
                  apiKeys:
                    - {name: alice, key: "${env:NONE:-%s}"}
                    - {name: bob, key: "${env:NONE:-%s}"}
                services:
                  rooms: {pin: {contract: single-home, by: header, name: X-Room}, %s}
                routes:
                  - {name: rooms, match: {path: {prefix: /rooms}}, service: rooms}
                """
                    .formatted(ALICE, BOB, regions.everywhere()));
    Awaiting.until(gateway.gateway()::isReady);
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  private HttpResponse<String> speak(String key, String from, String room) {
    return post(gateway, "/rooms", "X-Api-Key", key, "X-Forwarded-For", from, "X-Room", room);
  }

  @Test
  void all_who_name_a_room_write_where_it_is_whatever_is_near_them() {
    HttpResponse<String> first = speak(ALICE, ThreeRegions.TOKYO, "17");

    HttpResponse<String> second = speak(BOB, ThreeRegions.BERLIN, "17");

    assertThat(servedBy(first)).isEqualTo("asia");
    assertThat(servedBy(second)).isEqualTo("asia");
    assertThat(received(second, "X-Pin-Cell")).isEqualTo(received(first, "X-Pin-Cell"));
    assertThat(received(second, "X-Pin-Epoch")).isEqualTo(received(first, "X-Pin-Epoch"));
    assertThat(servedBy(speak(BOB, ThreeRegions.BERLIN, "18"))).isEqualTo("eu");
    assertThat(Answers.cookie(first)).as("a room is nobody's cookie").isEmpty();
  }

  @Test
  void a_stranger_who_names_a_room_is_bound_as_himself() {
    speak(ALICE, ThreeRegions.TOKYO, "17");

    HttpResponse<String> stranger =
        post(gateway, "/rooms", "X-Forwarded-For", ThreeRegions.BERLIN, "X-Room", "17");

    assertThat(servedBy(stranger)).isEqualTo("eu");
    assertThat(Answers.cookie(stranger)).startsWith("gwpin=");
  }

  @Test
  void an_operator_finds_and_moves_a_room_with_all_who_are_in_it() {
    speak(ALICE, ThreeRegions.TOKYO, "17");

    JsonObject found = new JsonObject(operator("/admin/pins?header=X-Room:17", null).body());
    HttpResponse<String> moved =
        operator(
            "/admin/pins/move",
            """
            {"header": "X-Room:17", "group": "rooms", "region": "us", "reason": "nearer"}
            """);

    assertThat(found.encode()).contains("\"region\":\"asia\"");
    assertThat(moved.statusCode()).as(moved.body()).isBetween(200, 202);
    Awaiting.until(() -> servedBy(speak(BOB, ThreeRegions.BERLIN, "17")).equals("us"));
    assertThat(servedBy(speak(ALICE, ThreeRegions.TOKYO, "17"))).isEqualTo("us");
    assertThat(servedBy(speak(ALICE, ThreeRegions.TOKYO, "18"))).isEqualTo("asia");
  }

  private HttpResponse<String> operator(String path, @Nullable String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.adminPort() + path))
            .header("Authorization", "Bearer " + OPERATOR)
            .header("Content-Type", "application/json");
    return gateway.send(
        (body == null ? request : request.POST(BodyPublishers.ofString(body))).build());
  }
}
