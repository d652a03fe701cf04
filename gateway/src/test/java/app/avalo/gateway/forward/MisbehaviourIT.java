package app.avalo.gateway.forward;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.run.LoopVerticle;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Regions that misbehave at random under a stream of requests. Whatever they do: every request ends
 * once, no POST arrives twice, a good answer is one region's, and nothing is left over.
 */
class MisbehaviourIT {
  private static final Mode[] MODES = Mode.values();
  private static final int ROUNDS = 25;
  private static final int REQUESTS = 24;

  private final List<TestRegion> regions = new ArrayList<>();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    for (String name : List.of("eu", "us", "asia")) {
      regions.add(TestRegion.start(name));
    }
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
              us: {index: 1, place: Boston, latitude: 42.3, longitude: -71.0}
              asia: {index: 2, place: Tokyo, latitude: 35.6, longitude: 139.7}
            services:
              feed:
                regions: {eu: ["http://127.0.0.1:%d"], us: ["http://127.0.0.1:%d"], asia: ["http://127.0.0.1:%d"]}
                timeouts: {attempt: 100ms, total: 1s}
            routes:
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(regions.get(0).port(), regions.get(1).port(), regions.get(2).port()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.forEach(TestRegion::close);
  }

  private record Sent(String id, String method, CompletableFuture<String> answer) {}

  private Sent send(HttpClient client, Random random, String id) {
    String method = List.of("GET", "PUT", "POST").get(random.nextInt(3));
    int size = List.of(0, 10, 5000, 200_000).get(random.nextInt(4));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + "/x"))
            .timeout(Duration.ofSeconds(15))
            .header("X-Test-Id", id)
            .method(
                method,
                "GET".equals(method)
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofByteArray(new byte[size]))
            .build();
    return new Sent(
        id,
        method,
        client
            .sendAsync(request, BodyHandlers.ofString())
            .handle((answer, cut) -> answer == null ? "cut" : check(answer)));
  }

  /** What came of an answer; throws if it is no whole answer of one region or of the gateway. */
  private static String check(HttpResponse<String> answer) {
    if (answer.statusCode() == 200) {
      String region = new JsonObject(answer.body()).getString("region");
      assertThat(answer.headers().allValues("x-region")).containsExactly(region);
    }
    return Integer.toString(answer.statusCode());
  }

  private static int lent(LoopVerticle loop) {
    return RunningGateway.await(loop.pools()).stream().mapToInt(figures -> figures.busy()).sum();
  }

  @Test
  void whatever_the_regions_do_every_request_ends_once_and_nothing_is_left() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    String why = "seed " + seed;
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    int good = 0;
    for (int round = 0; round < ROUNDS; round++) {
      for (TestRegion region : regions) {
        Mode mode = random.nextBoolean() ? Mode.NORMAL : MODES[random.nextInt(MODES.length)];
        region.delay(Duration.ofMillis(random.nextInt(200)));
        region.trafficMode(mode);
      }
      List<Sent> all = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        all.add(send(client, random, "r" + round + "-" + i));
      }
      for (Sent sent : all) {
        String answer = sent.answer().get(20, TimeUnit.SECONDS);
        assertThat(answer).as(why).isIn("200", "500", "502", "503", "504", "cut");
        good += "200".equals(answer) ? 1 : 0;
        long seen = regions.stream().mapToLong(region -> region.seen(sent.id())).sum();
        assertThat(seen)
            .as(why + " " + sent)
            .isLessThanOrEqualTo("POST".equals(sent.method()) ? 1 : 3);
        assertThat("200".equals(answer) && seen == 0).as(why).isFalse();
      }
    }
    assertThat(good).as(why).isGreaterThan(ROUNDS);
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    Awaiting.until(
        () -> gateway.gateway().loops().stream().mapToInt(MisbehaviourIT::lent).sum() == 0);
  }
}
