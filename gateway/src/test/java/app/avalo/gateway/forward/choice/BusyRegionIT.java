package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.Standing;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two regions that cost a caller the same. */
class BusyRegionIT {
  private static final int LOOPS = 2;
  private static final int CALLS = 80;

  private final TestRegion one = TestRegion.start("one");
  private final TestRegion two = TestRegion.start("two");
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final RunningGateway gateway =
      RunningGateway.start(
          """
          regions:
            one: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            two: {index: 1, place: Berlin, latitude: 52.5, longitude: 13.4}
          services:
            feed:
              regions: {one: "http://127.0.0.1:%d", two: "http://127.0.0.1:%d"}
              retry: {hedge: false}
          routes:
            - name: routing
              match: {path: /routing}
              routing: {origins: {one: "https://one.test", two: "https://two.test"}, probe: /ping}
            - {name: all, match: {path: {prefix: /}}, service: feed}
          placing:
            ranges: [{block: 192.0.2.0/24, country: DE, latitude: 52.5, longitude: 13.4}]
          """
              .formatted(one.port(), two.port()));

  @AfterEach
  void stop() {
    gateway.close();
    one.close();
    two.close();
  }

  private CompletableFuture<HttpResponse<String>> ask(String path) {
    return client.sendAsync(
        HttpRequest.newBuilder(gateway.uri(path)).header("X-Forwarded-For", "192.0.2.7").build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static String region(HttpResponse<String> answer) {
    return answer.headers().firstValue("X-Region").orElse("nobody");
  }

  @Test
  void a_caller_goes_to_its_own_unless_that_has_clearly_more_to_do() {
    Awaiting.until(gateway.gateway()::isReady);
    String own = region(ask("/").join());
    List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
    for (int i = 0; i < CALLS; i++) {
      calls.add(ask("/?delay=700"));
    }

    long toOwn = calls.stream().filter(call -> region(call.join()).equals(own)).count();

    // On each loop its own has at most twice the other's and ten more at a time.
    assertThat(toOwn).isBetween(LOOPS * 5L, CALLS - 10L);
    Awaiting.until(() -> region(ask("/").join()).equals(own)); // when it is idle again
  }

  /** Where getRouting sends this client. */
  private String routed(String client, String more) {
    String answer = gateway.get("/routing?service=feed" + more, "X-Forwarded-For", client).body();
    return new JsonObject(answer).getJsonObject("primary").getString("region");
  }

  @Test
  void clients_that_go_by_themselves_are_spread_and_each_is_always_sent_to_the_same() {
    Awaiting.until(gateway.gateway()::isReady);
    int toOne = 0;
    for (int client = 0; client < 40; client++) {
      String region = routed("192.0.2." + client, "");
      toOne += region.equals("one") ? 1 : 0;
      assertThat(routed("192.0.2." + client, "")).isEqualTo(region);
      assertThat(routed("192.0.2." + client, "&present=one"))
          .as("is there already")
          .isEqualTo("one");
    }
    assertThat(toOne).isBetween(8, 32);
  }

  @Test
  void a_client_that_goes_by_itself_is_not_sent_where_there_is_clearly_more_to_do() {
    Awaiting.until(gateway.gateway()::isReady);
    String own = routed("192.0.2.7", "");
    TestRegion busy = own.equals("one") ? one : two;
    busy.delay(Duration.ofMillis(600)); // not so long that it were suspected
    busy.trafficMode(Mode.DELAY);
    List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
    for (int i = 0; i < CALLS; i++) {
      calls.add(ask("/"));
    }
    Awaiting.until(() -> busy.requests() >= LOOPS * 11L);

    Awaiting.until(() -> !routed("192.0.2.7", "").equals(own));

    assertThat(gateway.gateway().health().standing(gateway.gateway().plan().region(own)))
        .isEqualTo(Standing.IN_SERVICE);
    calls.forEach(CompletableFuture::join);
    Awaiting.until(() -> routed("192.0.2.7", "").equals(own));
  }
}
