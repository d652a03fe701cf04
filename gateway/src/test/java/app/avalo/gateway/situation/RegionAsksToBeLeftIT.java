package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.explain;
import static app.avalo.gateway.situation.Answers.servedBy;
import static app.avalo.gateway.situation.Answers.steps;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.RegionStatus;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A region says 503 with Retry-After before it goes, as one that is deployed anew does. */
class RegionAsksToBeLeftIT {
  private final ThreeRegions regions = new ThreeRegions();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + """
                services:
                  feed: {retry: {hedge: false}, %1$s}
                  chat: {pin: {contract: move}, %1$s}
                routes:
                  - {name: feed, match: {path: {prefix: /feed}}, service: feed}
                  - {name: chat, match: {path: {prefix: /chat}}, service: chat}
                """
                    .formatted(regions.everywhere()));
    Awaiting.until(gateway.gateway()::isReady);
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  private HttpResponse<String> get(String path, String... headers) {
    String[] all = new String[headers.length + 2];
    System.arraycopy(headers, 0, all, 2, headers.length);
    all[0] = "X-Forwarded-For";
    all[1] = ThreeRegions.BERLIN;
    return gateway.get(path, all);
  }

  private RegionStatus eu() {
    return RunningGateway.await(gateway.gateway().health().status()).get(0);
  }

  private String ofOperators(String path) {
    URI uri = URI.create("http://127.0.0.1:" + gateway.adminPort() + path);
    return gateway.send(HttpRequest.newBuilder(uri).build()).body();
  }

  @Test
  void new_requests_go_elsewhere_and_what_is_under_way_is_answered() {
    CompletableFuture<HttpResponse<String>> before =
        client.sendAsync(
            HttpRequest.newBuilder(gateway.uri("/feed?delay=700"))
                .header("X-Forwarded-For", ThreeRegions.BERLIN)
                .build(),
            HttpResponse.BodyHandlers.ofString());
    Awaiting.until(() -> regions.eu().requests() == 1);

    regions.eu().healthMode(Mode.DRAINING);

    Awaiting.until(() -> eu().standing() == Standing.DRAINING);
    assertThat(servedBy(get("/feed"))).isIn("us", "asia");
    assertThat(steps(explain(gateway, "GET", "/feed", ThreeRegions.BERLIN), "region").toString())
        .contains("not eu, which is draining");
    assertThat(ofOperators("/admin/regions/eu")).contains("\"standing\" : \"draining\"");
    assertThat(ofOperators("/metrics")).contains("gateway_region_standing{region=\"eu\"} 1.5");
    assertThat(servedBy(before.join())).isEqualTo("eu");

    regions.eu().healthMode(Mode.NORMAL);

    Awaiting.until(() -> servedBy(get("/feed")).equals("eu"));
  }

  @Test
  void answers_that_ask_are_no_failures_of_the_region_and_no_client_sees_them() {
    regions.eu().trafficMode(Mode.DRAINING);

    for (int i = 0; i < 20; i++) {
      assertThat(get("/feed").statusCode()).isEqualTo(200);
    }

    assertThat(eu().standing()).isEqualTo(Standing.DRAINING);
    assertThat(regions.eu().requests()).as("then it is left alone").isBetween(5L, 10L);
    assertThat(eu().endpoints())
        .allMatch(e -> e.failures().values().stream().allMatch(n -> n == 0));
  }

  @Test
  void answers_that_ask_move_nobody_who_is_bound_there() {
    String cookie = Answers.cookie(get("/chat"));
    regions.eu().trafficMode(Mode.DRAINING);
    for (int i = 0; i < 5; i++) {
      get("/feed");
    }
    Awaiting.until(() -> eu().standing() == Standing.DRAINING);
    regions.eu().trafficMode(Mode.NORMAL);

    for (int i = 0; i < 200; i++) {
      assertThat(servedBy(get("/chat", "Cookie", cookie))).isEqualTo("eu");
    }
  }

  @Test
  void where_all_ask_to_be_left_the_best_of_them_serves() {
    regions.all().forEach(region -> region.healthMode(Mode.DRAINING));
    Awaiting.until(
        () ->
            RunningGateway.await(gateway.gateway().health().status()).stream()
                .allMatch(region -> region.standing() == Standing.DRAINING));

    assertThat(servedBy(get("/feed"))).isEqualTo("eu");
  }

  @Test
  void users_who_are_bound_there_leave_too_and_none_is_refused() {
    String cookie = Answers.cookie(get("/chat"));
    regions.eu().healthMode(Mode.DRAINING);

    Awaiting.until(
        () -> {
          HttpResponse<String> answer = get("/chat", "Cookie", cookie);
          assertThat(answer.statusCode()).isEqualTo(200);
          return !servedBy(answer).equals("eu");
        });
  }
}
