package app.avalo.gateway.run;

import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.BudgetListener;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.lease.RedisLender;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.time.Ticker;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the budgets' ledger: alone, or sharing money with other replicas. */
final class Ledgers {
  private static final Logger LOG = LoggerFactory.getLogger("app.avalo.gateway.budget");

  private Ledgers() {}

  static BudgetLedger of(ControlVerticle control, Stores stores) {
    Journal journal = stores.journal();
    RedisLink redis = control.redis();
    if (redis == null) {
      return BudgetLedger.alone(Ticker.SYSTEM, journal, told());
    }
    // A replica that comes back with its journal goes on as itself; one without is a new one.
    String replica =
        journal instanceof FileJournal file ? file.replica() : UUID.randomUUID().toString();
    return BudgetLedger.shared(
        new BudgetLedger.Sharing(
            new RedisLender(redis, stores.prefix(), replica),
            control.executor(),
            control.timers(),
            Ticker.SYSTEM),
        journal,
        told());
  }

  private static BudgetListener told() {
    return (budget, notice) ->
        LOG.atWarn()
            .addKeyValue("budget", budget.name())
            .addKeyValue("notice", notice.key())
            .addKeyValue("spentMicros", budget.spent())
            .addKeyValue("amountMicros", budget.amount())
            .addKeyValue("forecastMicros", budget.forecast().spent())
            .log("budget notice");
  }
}
