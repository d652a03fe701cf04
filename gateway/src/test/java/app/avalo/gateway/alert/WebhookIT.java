package app.avalo.gateway.alert;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators' systems receive of a gateway whose money runs out. */
class WebhookIT {
  private static final String SECRET = "webhook-secret-of-32-bytes-or-more";

  private static final int USERS = 12;

  private record Received(String signature, String id, String body) {
    JsonObject json() {
      return new JsonObject(body);
    }
  }

  @TempDir private Path directory;
  private final Vertx vertx = Vertx.vertx();
  private final ThreeRegions regions = new ThreeRegions();
  private final ConcurrentLinkedQueue<Integer> answers = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Received> received = new ConcurrentLinkedQueue<>();
  private String sections;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    HttpServer receiver =
        RunningGateway.await(
            vertx.createHttpServer().requestHandler(this::receive).listen(0, "127.0.0.1"));
    sections =
        ThreeRegions.PLACES
            + """
                state: {directory: "%5$s"}
                alerts:
                  webhook:
                    url: "http://127.0.0.1:%2$d/hooks"
                    secret: "${env:NOT_SET:-%3$s}"
                    timeout: 300ms
                budgets:
                  month:
                    amount: 1 PLN
                    services: [ai]
                    cost: {perRequest: 0.10 PLN}
                    throttleAt: 90%%
                  chats:
                    amount: 100 PLN
                    services: [chat]
                    cost: {header: X-Cost, reserve: 1 PLN}
                    abuse: {least: 1 PLN}
                identity: {apiKeys: [%4$s]}
                services:
                  ai: {%1$s}
                  chat: {%1$s}
                  feed: {targets: {recovery: 20ms}, %1$s}
                routes:
                  - {name: feed, match: {path: /feed}, service: feed}
                  - {name: chat, match: {path: {prefix: /chat}}, service: chat}
                  - {name: ai, match: {path: {prefix: /}}, service: ai}
                """
                .formatted(
                    regions.everywhere(),
                    receiver.actualPort(),
                    SECRET,
                    IntStream.range(0, USERS)
                        .mapToObj(i -> "{name: u%d, key: \"${env:NONE:-%s}\"}".formatted(i, key(i)))
                        .collect(Collectors.joining(", ")),
                    directory);
    gateway = RunningGateway.start(sections);
  }

  private static String key(int user) {
    return "key-of-user-%02d-0123456789abcdef-not-secret".formatted(user);
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
    RunningGateway.await(vertx.close());
  }

  private void receive(HttpServerRequest request) {
    request
        .body()
        .onSuccess(
            body -> {
              received.add(
                  new Received(
                      request.getHeader("avalo-signature"),
                      request.getHeader("avalo-alert"),
                      body.toString()));
              Integer status = answers.poll();
              if (status == null || status > 0) {
                request.response().setStatusCode(status == null ? 204 : status).end();
              }
            });
  }

  private void spend(int requests) {
    for (int i = 0; i < requests; i++) {
      gateway.get("/ai");
    }
  }

  @Test
  void a_notice_is_posted_once_and_signed() throws Exception {
    spend(8);
    Awaiting.until(() -> gateway.gateway().shared().webhook().count(Webhook.Result.DELIVERED) == 1);

    Received alert = received.remove();
    assertThat(received).isEmpty();
    assertThat(alert.json().getString("kind")).isEqualTo("budget.alert");
    assertThat(alert.json().getString("subject")).isEqualTo("month");
    assertThat(alert.json().getString("gateway")).isEqualTo("test");
    assertThat(alert.json().getString("id")).isEqualTo(alert.id());
    assertThat(alert.json().getJsonObject("facts").getLong("spentMicros")).isEqualTo(700_000);
    String[] parts = alert.signature().split("[=,]");
    assertThat(parts[3]).isEqualTo(hmac(parts[1] + "." + alert.body()));
    assertThat(Instant.ofEpochSecond(Long.parseLong(parts[1])))
        .isBetween(Instant.now().minusSeconds(60), Instant.now());
  }

  @Test
  void a_user_who_is_paused_for_spending_far_more_than_others_is_told_once() {
    for (int user = 1; user < USERS; user++) {
      gateway.get("/chat?cost=0.01", "x-api-key", key(user));
    }
    for (int i = 0; i < 4; i++) {
      gateway.get("/chat?cost=0.60", "x-api-key", key(0));
      Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    }
    Awaiting.until(() -> gateway.gateway().shared().webhook().count(Webhook.Result.DELIVERED) == 1);

    Received alert = received.remove();
    assertThat(received).isEmpty();
    assertThat(alert.json().getString("kind")).isEqualTo("budget.abuse");
    assertThat(alert.json().getString("subject")).isEqualTo("chats");
    JsonObject facts = alert.json().getJsonObject("facts");
    assertThat(facts.getString("spender")).isEqualTo("k=u0");
    assertThat(facts.getLong("spentMicros")).isEqualTo(1_200_000);
    assertThat(facts.getLong("usualMicros")).isEqualTo(10_000);
    assertThat(alert.id()).isEqualTo("chats/abuse/k=u0/" + facts.getString("until"));
  }

  @Test
  void a_service_that_is_not_out_of_a_lost_region_in_time_is_told() {
    regions.eu().mode(Mode.NEVER_ANSWER);
    Awaiting.until(
        () -> {
          gateway.get("/feed");
          return received.stream().anyMatch(each -> each.body().contains("recovery-late"));
        });

    JsonObject alert =
        received.stream()
            .map(Received::json)
            .filter(each -> each.getString("kind").equals("region.recovery-late"))
            .findFirst()
            .orElseThrow();
    assertThat(alert.getString("subject")).isEqualTo("feed/eu");
    assertThat(alert.getString("id")).startsWith("recovery/feed/eu/20");
    assertThat(alert.getJsonObject("facts").getLong("objectiveMillis")).isEqualTo(20);
    assertThat(alert.getJsonObject("facts").getLong("millis")).isGreaterThan(20);
  }

  @Test
  void what_is_not_accepted_comes_again_before_all_that_follows() {
    answers.addAll(List.of(503, 0));
    spend(10);

    Awaiting.until(() -> gateway.gateway().shared().webhook().count(Webhook.Result.DELIVERED) == 4);

    assertThat(received.stream().map(alert -> alert.json().getString("kind")))
        .containsExactly(
            "budget.alert",
            "budget.alert",
            "budget.alert",
            "budget.throttle",
            "budget.critical",
            "budget.exhausted");
    assertThat(received.stream().limit(3).map(Received::id)).containsOnly(received.peek().id());
    assertThat(gateway.gateway().shared().webhook().count(Webhook.Result.FAILED)).isEqualTo(2);
  }

  @Test
  void what_is_refused_for_good_is_given_up() {
    answers.add(410);
    spend(10);

    Awaiting.until(() -> gateway.gateway().shared().webhook().count(Webhook.Result.DELIVERED) == 3);

    assertThat(gateway.gateway().shared().webhook().count(Webhook.Result.DROPPED)).isEqualTo(1);
    assertThat(received).hasSize(4);
  }

  @Test
  void what_waits_in_a_damaged_file_is_set_aside_for_whoever_mends_it() throws Exception {
    gateway.close();
    Path waiting = directory.resolve("alerts.json");
    String torn = "[{\"id\": \"month/2026-11-01T00:00:00Z/forecast\"";
    Files.writeString(waiting, torn);

    gateway = RunningGateway.start(sections);
    spend(7);
    Awaiting.until(() -> received.size() == 1);

    assertThat(directory.resolve("alerts.json.corrupt")).hasContent(torn);
  }

  @Test
  void what_a_process_could_not_deliver_is_sent_by_the_next_in_its_place() throws Exception {
    answers.addAll(List.of(503, 503, 503));
    spend(8);
    Awaiting.until(() -> gateway.gateway().shared().webhook().count(Webhook.Result.FAILED) == 1);
    Path waiting = directory.resolve("alerts.json");
    Awaiting.until(() -> Files.exists(waiting)); // and so it is for one that is killed
    gateway.close();
    answers.clear();
    String id = received.remove().id();
    received.clear();

    gateway = RunningGateway.start(sections);
    Awaiting.until(() -> gateway.gateway().shared().webhook().count(Webhook.Result.DELIVERED) == 1);

    assertThat(received).singleElement().extracting(Received::id).isEqualTo(id);
    Awaiting.until(() -> read(waiting).equals("[]"));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static String hmac(String text) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
  }
}
