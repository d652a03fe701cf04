package app.avalo.gateway.alert;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Alerts that their receiver does not take, by a clock of our own and over real sockets. */
class StuckAlertsIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final int NEVER = 0;

  private final Vertx vertx = Vertx.vertx();
  private final Context loop = vertx.getOrCreateContext();
  private final VirtualTime time = new VirtualTime(); // moved on the loop
  private final Map<String, Integer> statuses = new ConcurrentHashMap<>(); // others are taken
  private final List<String> received = new CopyOnWriteArrayList<>();
  private volatile String retryAfter;
  private volatile GatewayConfig config = config(receiver());
  private final Webhook webhook = start();

  private static GatewayConfig config(HttpServer receiver) {
    Loaded loaded =
        ConfigLoader.parse(
            "test.yaml",
            """
            listeners: [{name: public, address: "127.0.0.1:8080"}]
            regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
            services: {ai: {regions: {eu: "http://127.0.0.1:1"}}}
            routes: [{name: ai, match: {path: /}, service: ai}]
            alerts:
              webhook:
                url: "http://127.0.0.1:%d/"
                secret: "${env:NOT_SET:-webhook-secret-of-32-bytes-or-more}"
                timeout: %dms
            """
                .formatted(receiver.actualPort(), TIMEOUT.toMillis()));
    return ((Loaded.Valid) loaded).config();
  }

  private HttpServer receiver() {
    return RunningGateway.await(
        vertx.createHttpServer().requestHandler(this::receive).listen(0, "127.0.0.1"));
  }

  private void receive(HttpServerRequest request) {
    String id = request.getHeader("avalo-alert");
    int status = statuses.getOrDefault(id, statuses.getOrDefault("all", 204));
    if (retryAfter != null) {
      request.response().putHeader("retry-after", retryAfter);
    }
    if (status != NEVER) {
      request.response().setStatusCode(status).end();
    }
    received.add(id);
  }

  private Webhook start() {
    Webhook made =
        new Webhook(vertx, task -> loop.runOnContext(go -> task.run()), time, time, () -> config);
    loop.runOnContext(go -> made.start());
    return made;
  }

  @AfterEach
  void stop() {
    webhook.close();
    RunningGateway.await(vertx.close());
  }

  private void send(String... ids) {
    for (String id : ids) {
      webhook.send(new Alert(id, "budget.alert", "month", 0, new JsonObject().put("n", 7)));
    }
  }

  private void pass(Duration span) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.runOnContext(
        go -> {
          time.advance(span);
          done.complete(null);
        });
    done.join();
  }

  private void until(Webhook.Result result, int count) {
    Awaiting.until(() -> webhook.count(result) >= count);
  }

  /** Lets it be tried until this many of them failed, from none on, alone. */
  private void failing(int tries) {
    failing(0, tries);
  }

  /** Likewise from so many on. */
  private void failing(int before, int tries) {
    for (int i = before; i < tries; i++) {
      if (i > 0) {
        pass(pauseAfter(i));
      }
      until(Webhook.Result.FAILED, i + 1);
    }
  }

  private static Duration pauseAfter(int tries) {
    return Duration.ofSeconds(Math.min(300, 1L << Math.min(20, tries - 1)));
  }

  @Test
  void one_that_is_never_taken_holds_the_others_for_three_tries_and_then_they_go_on() {
    statuses.put("bad", 500);
    send("bad", "one", "two");
    failing(2);
    assertThat(received).as("a short outage changes no order").containsOnly("bad");

    pass(pauseAfter(2));
    until(Webhook.Result.DELIVERED, 2);

    assertThat(received).containsExactly("bad", "bad", "bad", "one", "two");
    send("three");
    until(Webhook.Result.DELIVERED, 3);
    assertThat(received).endsWith("three");
  }

  @Test
  void one_that_its_receiver_never_answers_holds_the_others_no_longer() {
    statuses.put("hole", NEVER);
    send("hole", "one");
    for (int i = 1; i <= 3; i++) {
      int tries = i;
      Awaiting.until(() -> received.size() == tries);
      pass(TIMEOUT);
      until(Webhook.Result.FAILED, i);
      pass(pauseAfter(i));
    }
    until(Webhook.Result.DELIVERED, 1);

    assertThat(received).startsWith("hole", "hole", "hole", "one");
  }

  @Test
  void many_that_are_never_taken_cost_a_new_one_no_wait() {
    for (int i = 0; i < 20; i++) {
      statuses.put("bad" + i, 503);
      send("bad" + i);
    }
    failing(3);
    until(Webhook.Result.FAILED, 22);

    send("good");
    until(Webhook.Result.DELIVERED, 1);

    assertThat(received).hasSize(23).endsWith("good");
  }

  @Test
  void one_that_is_refused_is_given_up_after_an_hour_and_the_log_has_all_of_it() {
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    Logger log = (Logger) LoggerFactory.getLogger(Webhook.class);
    logged.start();
    log.addAppender(logged);
    statuses.put("bad", 400);
    send("bad", "one");
    failing(3);
    until(Webhook.Result.DELIVERED, 1); // or time would pass while it is under way
    failing(3, 20); // 3,511 s
    assertThat(webhook.count(Webhook.Result.DROPPED)).isZero();

    pass(pauseAfter(20));
    until(Webhook.Result.DROPPED, 1);

    assertThat(webhook.count(Webhook.Result.DELIVERED)).isEqualTo(1);
    ILoggingEvent last = logged.list.get(logged.list.size() - 1);
    assertThat(last.getMessage()).isEqualTo("alert given up");
    assertThat(last.getKeyValuePairs().toString()).contains("status 400", "{\"n\":7}");
    log.detachAppender(logged);
    pass(Duration.ofHours(1));
    assertThat(received).filteredOn("bad"::equals).hasSize(21);
  }

  @Test
  void one_that_is_refused_for_a_wrong_secret_is_taken_once_that_is_mended() {
    statuses.put("all", 401);
    send("one");
    failing(10);

    statuses.remove("all");
    pass(pauseAfter(10));

    until(Webhook.Result.DELIVERED, 1);
  }

  @Test
  void an_outage_before_it_is_refused_takes_nothing_of_the_hour() {
    statuses.put("one", 503);
    send("one");
    failing(25); // 5,011 s
    statuses.put("one", 404); // what is started again knows no path yet

    pass(pauseAfter(25));
    until(Webhook.Result.FAILED, 26);
    statuses.remove("one");
    pass(pauseAfter(26));

    until(Webhook.Result.DELIVERED, 1);
    assertThat(dropped()).isZero();
  }

  @Test
  void one_that_its_receiver_cannot_take_is_given_up_after_three_days() {
    statuses.put("bad", 500);
    send("bad");
    Duration tried = Duration.ZERO;
    int failed = 1;
    for (until(Webhook.Result.FAILED, 1); tried.toDays() < 3; failed++) {
      assertThat(webhook.count(Webhook.Result.DROPPED)).isZero();
      tried = tried.plus(pauseAfter(failed));
      pass(pauseAfter(failed));
      int over = failed + 1;
      Awaiting.until(() -> webhook.count(Webhook.Result.FAILED) + dropped() == over);
    }

    assertThat(dropped()).isEqualTo(1);
  }

  private long dropped() {
    return webhook.count(Webhook.Result.DROPPED);
  }

  @Test
  void once_its_receiver_takes_another_it_waits_no_longer_than_half_a_minute() {
    statuses.put("all", 503);
    send("one");
    failing(11); // the next in five minutes
    statuses.remove("all");
    send("two");
    until(Webhook.Result.DELIVERED, 1);
    pass(Duration.ofSeconds(29));
    assertThat(received).endsWith("one", "two");

    pass(Duration.ofSeconds(1));

    until(Webhook.Result.DELIVERED, 2);
  }

  @Test
  void a_receiver_that_asks_for_time_is_given_it() {
    statuses.put("all", 429);
    retryAfter = "60";
    send("one");
    until(Webhook.Result.FAILED, 1);
    statuses.remove("all");
    pass(Duration.ofSeconds(59));
    assertThat(received).hasSize(1);

    pass(Duration.ofSeconds(1));

    until(Webhook.Result.DELIVERED, 1);
  }

  @Test
  void a_user_of_any_script_can_be_named() {
    send("chats/abuse/u=\u017c\u00f3\u0142w/2026");
    until(Webhook.Result.DELIVERED, 1);

    assertThat(received).containsExactly("chats/abuse/u=%C5%BC%C3%B3%C5%82w/2026");
  }

  @Test
  void another_receiver_in_the_configuration_is_tried_at_once() {
    statuses.put("all", 503);
    send("one");
    failing(11); // the next in five minutes
    statuses.remove("all");

    config = config(receiver());
    pass(Duration.ofSeconds(30));

    until(Webhook.Result.DELIVERED, 1);
  }
}
