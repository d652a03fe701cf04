package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.post;
import static app.avalo.gateway.situation.Answers.received;
import static app.avalo.gateway.situation.Answers.servedBy;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two replicas share one Redis: together they give no more than one would. */
class TwoGatewaysIT {
  /** Far above what a busy machine needs; falling back on local state is another test's subject. */
  private static final String DEADLINE = "5s";

  private final ThreeRegions regions = new ThreeRegions();
  private final RedisServer redis = RedisServer.start();
  private final RunningGateway one = start();
  private final RunningGateway two = start();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private RunningGateway start() {
    return RunningGateway.start(RedisUnavailableIT.sections(regions, redis.url(), DEADLINE));
  }

  @BeforeEach
  void awaitReadiness() {
    for (RunningGateway gateway : List.of(one, two)) {
      Awaiting.until(gateway.gateway()::isReady);
    }
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
    regions.close();
    redis.close();
  }

  @Test
  void a_shared_limit_admits_exactly_its_capacity_in_all() {
    assertThat(admitted("/forty", 120)).isEqualTo(40);
    for (RunningGateway gateway : List.of(one, two)) {
      assertThat(gateway.gateway().shared().limits().counts().get("forty").degraded()).isZero();
    }
  }

  @Test
  void a_shared_budget_is_never_overspent() {
    int admitted = admitted("/paid", 120);

    assertThat(admitted).isBetween(1, 20);
    assertThat(regions.requests()).isEqualTo(admitted);
    // What one replica holds for later the other gets once it is given back.
    Awaiting.until(
        () -> {
          admitted("/paid", 2);
          return regions.requests() >= 20;
        });
    assertThat(admitted("/paid", 20)).isZero();
    assertThat(regions.requests()).as("of 1 PLN at 0.05 each").isEqualTo(20);
  }

  @Test
  void a_pin_claimed_on_one_is_seen_on_the_other() {
    HttpResponse<String> first =
        post(
            one,
            "/wallet",
            "X-Api-Key",
            "key-of-ada-0123456",
            "X-Forwarded-For",
            ThreeRegions.TOKYO);
    HttpResponse<String> second =
        post(
            two,
            "/wallet",
            "X-Api-Key",
            "key-of-ada-0123456",
            "X-Forwarded-For",
            ThreeRegions.BERLIN);

    assertThat(servedBy(first)).isEqualTo("asia");
    assertThat(servedBy(second)).isEqualTo("asia");
    assertThat(received(second, "x-pin-epoch")).isEqualTo(received(first, "x-pin-epoch"));
  }

  @Test
  void of_two_first_visits_at_once_one_decides_for_both() {
    List<CompletableFuture<HttpResponse<String>>> visits = new ArrayList<>();
    String[] places = {ThreeRegions.TOKYO, ThreeRegions.BERLIN, ThreeRegions.SAN_FRANCISCO};
    for (int i = 0; i < 12; i++) {
      visits.add(
          client.sendAsync(
              HttpRequest.newBuilder((i % 2 == 0 ? one : two).uri("/wallet"))
                  .POST(HttpRequest.BodyPublishers.noBody())
                  .headers("X-Api-Key", "key-of-ada-0123456", "X-Forwarded-For", places[i % 3])
                  .build(),
              HttpResponse.BodyHandlers.ofString()));
    }

    assertThat(visits.stream().map(visit -> servedBy(visit.join())).distinct()).hasSize(1);
    assertThat(visits.stream().map(visit -> received(visit.join(), "x-pin-epoch")).distinct())
        .hasSize(1);
  }

  /** How many of so many requests at once to both were served. */
  private int admitted(String path, int requests) {
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      answers.add(
          client.sendAsync(
              HttpRequest.newBuilder((i % 2 == 0 ? one : two).uri(path)).build(),
              HttpResponse.BodyHandlers.ofString()));
    }
    return (int) answers.stream().filter(answer -> answer.join().statusCode() == 200).count();
  }
}
