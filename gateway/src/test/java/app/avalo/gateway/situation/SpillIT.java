package app.avalo.gateway.situation;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** More callers than the nearest region takes. */
class SpillIT {
  private final ThreeRegions regions = new ThreeRegions();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger elsewhere = new AtomicInteger();
  private final AtomicInteger bad = new AtomicInteger();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + """
                services:
                  feed: {retry: {hedge: false}, balance: {capacity: {eu: 6}}, %s}
                routes:
                  - {name: all, match: {path: {prefix: /}}, service: feed}
                """
                    .formatted(regions.everywhere()));
    Awaiting.until(gateway.gateway()::isReady);
  }

  @AfterEach
  void stop() {
    over.set(true);
    gateway.close();
    regions.close();
  }

  /** One caller, who asks again as soon as there is an answer. */
  private void ask(int caller) {
    HttpRequest request =
        HttpRequest.newBuilder(gateway.uri("/?delay=20"))
            .header("X-Forwarded-For", "192.0.2." + caller)
            .build();
    client
        .sendAsync(request, HttpResponse.BodyHandlers.ofString())
        .thenAccept(
            answer -> {
              String region = answer.headers().firstValue("X-Region").orElse("nobody");
              elsewhere.addAndGet(region.equals("eu") ? 0 : 1);
              bad.addAndGet(answer.statusCode() == 200 ? 0 : 1);
              if (!over.get()) {
                ask(caller);
              }
            });
  }

  @Test
  void some_go_to_their_next_region_and_nobody_is_refused() {
    for (int caller = 1; caller <= 16; caller++) {
      ask(caller);
    }
    Awaiting.until(() -> elsewhere.get() > 20);
    assertThat(bad.get()).isZero();
  }

  @Test
  void explain_says_who_goes_elsewhere_and_why() {
    for (int caller = 1; caller <= 16; caller++) {
      ask(caller);
    }

    AtomicInteger asked = new AtomicInteger();
    AtomicReference<Exchange> spilled = new AtomicReference<>();
    Awaiting.until(
        () -> {
          int caller = 1 + asked.getAndIncrement() % 16;
          Exchange explained = Answers.explain(gateway, "GET", "/", "192.0.2." + caller);
          spilled.set(explained);
          return choice(explained).contains("nearly full");
        });

    String instead = String.valueOf(spilled.get().region());
    assertThat(instead).isIn("us", "asia");
    assertThat(choice(spilled.get()))
        .matches(instead + ", not eu, which is nearly full \\(\\d+ % of its capacity\\)");
  }

  private static String choice(Exchange explained) {
    return Answers.steps(explained, "region").get(0).verdict();
  }
}
