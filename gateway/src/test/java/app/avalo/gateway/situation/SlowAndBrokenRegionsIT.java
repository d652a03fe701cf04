package app.avalo.gateway.situation;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One region misbehaves while everybody calls: requests that may be repeated never show it. */
@Tag("alone")
class SlowAndBrokenRegionsIT {
  private static final int CALLERS = 8;
  private static final int EACH = 25;

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
                  feed:
                    retry: {statuses: [500, 502, 503, 504]}
                    timeouts: {attempt: 300ms}
                    %s
                routes:
                  - {name: all, match: {path: {prefix: /}}, service: feed}
                """
                    .formatted(regions.everywhere()));
    Awaiting.until(gateway.gateway()::isReady);
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void repeatable_requests_never_fail(Mode mode) {
    regions.eu().delay(Duration.ofSeconds(2));
    load();
    regions.eu().mode(mode);

    List<HttpResponse<String>> answers = load();

    assertThat(answers).allMatch(answer -> answer.statusCode() == 200);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void they_never_fail_even_when_the_checks_see_nothing(Mode mode) {
    regions.eu().delay(Duration.ofSeconds(2));
    regions.eu().trafficMode(mode);

    List<HttpResponse<String>> answers = load();

    assertThat(answers).allMatch(answer -> answer.statusCode() == 200);
  }

  /** Callers near Berlin, each sending one request after the other; GETs and small PUTs. */
  private List<HttpResponse<String>> load() {
    List<CompletableFuture<List<HttpResponse<String>>>> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      callers.add(call(i, new ArrayList<>()));
    }
    return callers.stream().flatMap(caller -> caller.join().stream()).toList();
  }

  private CompletableFuture<List<HttpResponse<String>>> call(
      int caller, List<HttpResponse<String>> before) {
    if (before.size() == EACH) {
      return CompletableFuture.completedFuture(before);
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.uri("/?caller=" + caller))
            .header("X-Forwarded-For", ThreeRegions.BERLIN);
    if (before.size() % 3 == 2) {
      request.PUT(HttpRequest.BodyPublishers.ofString("small"));
    }
    return client
        .sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
        .thenCompose(
            answer -> {
              before.add(answer);
              return call(caller, before);
            });
  }
}
