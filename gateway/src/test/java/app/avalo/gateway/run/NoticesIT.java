package app.avalo.gateway.run;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.alert.Webhook;
import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetFilter;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
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
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What is foreseen of a budget reaches operators by the log and the webhook, once each. */
class NoticesIT {
  private final VirtualTime time = new VirtualTime(); // 21 November
  private final Vertx vertx = Vertx.vertx();
  private final Queue<JsonObject> posted = new ConcurrentLinkedQueue<>();
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final Logger log = (Logger) LoggerFactory.getLogger("app.avalo.gateway.budget");
  private final Plan plan = plan();
  private final Webhook webhook = webhook();
  private final BudgetLedger ledger =
      BudgetLedger.alone(time, Journal.NONE, new Ledgers.Told(webhook));
  private final BudgetFilter filter = new BudgetFilter(ledger, Runnable::run, Receipts.NONE);

  private Plan plan() {
    HttpServer receiver =
        RunningGateway.await(
            vertx.createHttpServer().requestHandler(this::receive).listen(0, "127.0.0.1"));
    Loaded loaded =
        ConfigLoader.parse(
            "test.yaml",
            """
            listeners: [{name: public, address: "127.0.0.1:8080"}]
            regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
            services: {ai: {regions: {eu: "http://127.0.0.1:1"}}}
            routes: [{name: ai, match: {path: {prefix: /}}, service: ai}]
            budgets: {month: {amount: 2000 PLN, services: [ai], cost: {perRequest: 1 PLN}}}
            alerts:
              webhook:
                url: "http://127.0.0.1:%d/"
                secret: "${env:NOT_SET:-webhook-secret-of-32-bytes-or-more}"
            """
                .formatted(receiver.actualPort()));
    return Plan.compile(((Loaded.Valid) loaded).config());
  }

  private void receive(HttpServerRequest request) {
    request
        .body()
        .onSuccess(
            body -> {
              posted.add(body.toJsonObject());
              request.response().setStatusCode(204).end();
            });
  }

  private Webhook webhook() {
    Context loop = vertx.getOrCreateContext();
    Executor control = task -> loop.runOnContext(go -> task.run());
    Webhook made = new Webhook(vertx, control, Timers.of(vertx), Ticker.SYSTEM, plan::config);
    control.execute(made::start);
    return made;
  }

  @AfterEach
  void stop() {
    log.detachAppender(logged);
    webhook.close();
    RunningGateway.await(vertx.close());
  }

  /** An hour with so many requests. */
  private void hour(int requests) {
    for (int i = 0; i < requests; i++) {
      Exchange exchange = Exchanges.on(plan).live();
      if (Outcome.of(filter, exchange).proceeded()) {
        exchange.sent();
        exchange.ended(1);
        filter.end(exchange);
      }
    }
    time.advance(Duration.ofHours(1));
  }

  private List<String> posted() {
    return posted.stream().map(alert -> alert.getString("kind")).toList();
  }

  private List<String> logged() {
    return logged.list.stream()
        .flatMap(event -> event.getKeyValuePairs().stream())
        .filter(pair -> pair.key.equals("notice"))
        .map(pair -> String.valueOf(pair.value))
        .toList();
  }

  @Test
  void an_hour_out_of_the_usual_too_much_so_far_and_too_much_ahead_are_told_once() {
    logged.start();
    log.addAppender(logged);
    ledger.configure(plan);
    for (int i = 0; i < 30; i++) {
      hour(1);
    }
    assertThat(logged()).isEmpty();

    hour(100);
    hour(1);
    assertThat(logged()).containsExactly("anomaly@2026-11-22");
    ledger.desk().correct("month", new Correction("1", false, "ai", 1_700_000_000, "eva", "bill"));
    hour(1);
    hour(1);

    assertThat(logged())
        .containsOnlyOnce("anomaly@2026-11-22", "forecast", "over-plan", "alert", "critical");
    Awaiting.until(() -> webhook.count(Webhook.Result.DELIVERED) == logged().size());
    assertThat(posted()).containsOnlyOnce("budget.anomaly", "budget.forecast", "budget.over-plan");
    JsonObject facts =
        posted.stream()
            .filter(alert -> alert.getString("kind").equals("budget.forecast"))
            .findFirst()
            .orElseThrow()
            .getJsonObject("facts");
    assertThat(facts.getLong("forecastMicros")).isGreaterThan(facts.getLong("amountMicros"));
    assertThat(facts.getString("exhausted")).startsWith("2026-11-");
  }
}
