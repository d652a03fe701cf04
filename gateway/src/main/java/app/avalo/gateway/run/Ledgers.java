package app.avalo.gateway.run;

import app.avalo.gateway.admin.http.Audit;
import app.avalo.gateway.alert.Alert;
import app.avalo.gateway.alert.Webhook;
import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.lease.RedisLender;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.recovery.Recovery;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the budgets' ledger, alone or sharing money with other replicas, and words its alerts. */
final class Ledgers {
  private static final Logger LOG = LoggerFactory.getLogger("app.avalo.gateway.budget");

  private static final Duration SWEEP = Duration.ofSeconds(30);
  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  private Ledgers() {}

  static BudgetLedger of(ControlVerticle control, Stores stores, Webhook webhook, int replicas) {
    Journal journal = stores.journal();
    RedisLink redis = control.redis();
    if (redis == null) {
      return BudgetLedger.alone(Ticker.SYSTEM, journal, new Told(webhook));
    }
    // A replica that comes back with its journal goes on as itself; one without is a new one.
    String replica =
        journal instanceof FileJournal file ? file.replica() : UUID.randomUUID().toString();
    return BudgetLedger.shared(
        new BudgetLedger.Sharing(
            new RedisLender(redis, stores.prefix(), replica),
            control.executor(),
            control.timers(),
            Ticker.SYSTEM,
            replicas),
        journal,
        new Told(webhook));
  }

  /** Looks for forgotten holds, and for what is to be told, from now on; for the control loop. */
  static void sweep(ControlVerticle control, BudgetLedger ledger) {
    ledger.look();
    ledger.expire(
        holds ->
            LOG.atError().addKeyValue("holds", holds).log("budget holds never settled, charged"));
    control.timers().after(SWEEP, () -> sweep(control, ledger));
  }

  /**
   * Gives back what is leased, before the process ends. What the store is not told within a second
   * is charged as if the gateway had been killed.
   */
  static Future<Void> leave(ControlVerticle control, BudgetLedger ledger) {
    Promise<Void> left = Promise.promise();
    control.executor().execute(() -> control.timers().after(LAST_WORDS, left::tryComplete));
    ledger.leave().onComplete(told -> left.tryComplete());
    return left.future();
  }

  /** Words what budgets tell, for logs and the webhook. */
  record Told(Webhook webhook) implements BudgetListener {
    @Override
    public Future<Void> told(BudgetView budget, Notice notice) {
      LOG.atWarn()
          .addKeyValue("budget", budget.name())
          .addKeyValue("notice", notice.key())
          .addKeyValue("spentMicros", budget.spent())
          .addKeyValue("amountMicros", budget.amount())
          .addKeyValue("forecastMicros", budget.forecast().spent())
          .log("budget notice");
      return webhook.send(alert(budget, notice));
    }

    @Override
    public void paused(BudgetConfig budget, Spenders.Paused found) {
      String until = Instant.ofEpochMilli(found.untilMillis()).toString();
      String reason =
          "spent "
              + found.spentMicros()
              + " micro-units in an hour, others "
              + found.usualMicros()
              + " on average; until "
              + until;
      Audit.automatic("pause-spender", budget.name() + ' ' + found.spender(), reason);
      JsonObject facts =
          new JsonObject()
              .put("currency", budget.amount().currency())
              .put("spender", found.spender())
              .put("spentMicros", found.spentMicros())
              .put("usualMicros", found.usualMicros())
              .put("until", until);
      webhook.send(
          new Alert(
              budget.name() + "/abuse/" + found.spender() + '/' + until,
              "budget.abuse",
              budget.name(),
              Ticker.SYSTEM.epochMillis(),
              facts));
    }
  }

  private static Alert alert(BudgetView budget, Notice notice) {
    long exhausted = budget.forecast().exhaustedMillis();
    String start = Instant.ofEpochMilli(budget.periodStart()).toString();
    JsonObject facts =
        new JsonObject()
            .put("currency", budget.currency())
            .put("spentMicros", budget.spent())
            .put("amountMicros", budget.amount())
            .put("forecastMicros", budget.forecast().spent())
            .put("exhausted", exhausted == 0 ? null : Instant.ofEpochMilli(exhausted).toString())
            .put("periodStart", start)
            .put("periodEnd", Instant.ofEpochMilli(budget.periodEnd()).toString());
    return new Alert(
        budget.name() + '/' + start + '/' + notice.key(),
        "budget." + notice.kind().label(),
        budget.name(),
        Ticker.SYSTEM.epochMillis(),
        facts);
  }

  /** A service that is not out of a lost region in time. */
  static Alert late(Recovery recovery) {
    String subject = recovery.service() + '/' + recovery.region();
    String began = Instant.ofEpochMilli(recovery.beganEpochMillis()).toString();
    JsonObject facts =
        new JsonObject()
            .put("service", recovery.service())
            .put("region", recovery.region())
            .put("began", began)
            .put("millis", recovery.millis())
            .put("objectiveMillis", recovery.objectiveMillis());
    return new Alert(
        "recovery/" + subject + '/' + began,
        "region.recovery-late",
        subject,
        Ticker.SYSTEM.epochMillis(),
        facts);
  }
}
