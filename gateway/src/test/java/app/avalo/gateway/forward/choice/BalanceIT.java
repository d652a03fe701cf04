package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which of a region's endpoints gets a request. */
class BalanceIT {
  private final TestRegion one = TestRegion.start("one");
  private final TestRegion two = TestRegion.start("two");
  private final TestRegion three = TestRegion.start("three");
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            defaults:
              health: {interval: 1s, timeout: 800ms, burstInterval: 50ms, failures: 3, successes: 2}
              balance: {slowStart: 1ms}
            services:
              load: {regions: {eu: %1$s}, retry: {hedge: false}}
              room: {regions: {eu: %1$s}, balance: {by: header, name: X-Room}}
              session: {regions: {eu: %1$s}, balance: {by: cookie, name: sid}}
              caller: {regions: {eu: %1$s}, balance: {by: caller}}
            routes:
              - {name: load, match: {path: {prefix: /load}}, service: load}
              - {name: room, match: {path: {prefix: /room}}, service: room}
              - {name: session, match: {path: {prefix: /session}}, service: session}
              - {name: caller, match: {path: {prefix: /caller}}, service: caller}
            """
                .formatted(
                    "[\"http://127.0.0.1:%d\", \"http://127.0.0.1:%d\", \"http://127.0.0.1:%d\"]"
                        .formatted(one.port(), two.port(), three.port())));
    Awaiting.until(gateway.gateway()::isReady);
  }

  @AfterEach
  void stop() {
    gateway.close();
    one.close();
    two.close();
    three.close();
  }

  private String endpoint(String path, String... headers) {
    HttpResponse<String> answer = gateway.get(path, headers);
    assertThat(answer.statusCode()).isEqualTo(200);
    return answer.headers().firstValue("X-Region").orElseThrow();
  }

  @Test
  void a_room_stays_with_its_endpoint_and_rooms_are_spread() {
    assertStaysAndSpreads(room -> endpoint("/room", "X-Room", "room-" + room));
  }

  @Test
  void so_does_a_session_of_a_cookie() {
    assertStaysAndSpreads(
        user -> endpoint("/session", "Cookie", "other=1; sid=" + user + "; last=2"));
  }

  @Test
  void so_does_a_caller() {
    assertStaysAndSpreads(user -> endpoint("/caller", "X-Forwarded-For", "192.0.2." + user));
  }

  private interface Ask {
    String of(int key);
  }

  private static void assertStaysAndSpreads(Ask ask) {
    Set<String> used = new HashSet<>();
    for (int key = 0; key < 20; key++) {
      String first = ask.of(key);
      used.add(first);
      assertThat(ask.of(key)).isEqualTo(first);
      assertThat(ask.of(key)).isEqualTo(first);
    }
    assertThat(used).containsExactlyInAnyOrder("one", "two", "three");
  }

  @Test
  void when_an_endpoint_is_lost_only_its_own_rooms_move() {
    Map<Integer, String> before = new HashMap<>();
    for (int room = 0; room < 20; room++) {
      before.put(room, endpoint("/room", "X-Room", "room-" + room));
    }
    two.mode(Mode.RESET_BEFORE_HEAD);
    Awaiting.until(() -> !endpoint("/room", "X-Room", "room-0").equals("two"));
    for (int room = 0; room < 20; room++) {
      String now = endpoint("/room", "X-Room", "room-" + room);
      if (before.get(room).equals("two")) {
        assertThat(now).isNotEqualTo("two");
      } else {
        assertThat(now).isEqualTo(before.get(room));
      }
    }
  }

  /** How many of so many requests it gets. */
  private int ofOne(int requests) {
    int slow = 0;
    for (int i = 0; i < requests; i++) {
      slow += endpoint("/load").equals("one") ? 1 : 0;
    }
    return slow;
  }

  @Test
  void the_endpoint_that_answers_sooner_gets_most() {
    ofOne(30); // what first answers take would hide the delay, and be remembered for seconds
    one.delay(Duration.ofMillis(200));
    one.trafficMode(Mode.DELAY);
    assertThat(ofOne(120)).isLessThan(26); // 13 when both that are drawn are it, 40 by chance
  }
}
