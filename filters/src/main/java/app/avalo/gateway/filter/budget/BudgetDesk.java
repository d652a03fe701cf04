package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.term.Term;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where operators change budgets: corrections and imported costs, each once by its id, and orders
 * that hold for a time. Safe from every thread.
 */
public final class BudgetDesk {
  /** Where sums stay exact in a Redis script, which calculates in doubles: 2^53. */
  private static final long LARGEST_CORRECTION = 1L << 53;

  private final BudgetLedger ledger;
  private final Journal journal;
  private final BudgetLedger.@Nullable Sharing sharing;

  BudgetDesk(BudgetLedger ledger, Journal journal, BudgetLedger.@Nullable Sharing sharing) {
    this.ledger = ledger;
    this.journal = journal;
    this.sharing = sharing;
  }

  /**
   * A change made by an operator or taken from an invoice.
   *
   * @param id key under which it counts once, 1 to 128 characters
   * @param raise whether it changes the amount of the running period instead of the money spent
   * @param service that the money was spent for, or empty
   * @param micros added, negative to take away
   * @param who made it
   * @param reason why, not empty
   */
  public record Correction(
      String id, boolean raise, String service, long micros, String who, String reason) {
    public Correction {
      require(!id.isBlank() && id.length() <= 128, "id", id, "1 to 128 characters");
      require(!reason.isBlank() && reason.length() <= 512, "reason", reason, "1 to 512 characters");
      boolean exact = micros > -LARGEST_CORRECTION && micros < LARGEST_CORRECTION;
      require(exact, "micros", Long.toString(micros), "between -2^53 and 2^53");
    }

    private static void require(boolean holds, String name, String value, String expected) {
      if (!holds) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
      }
    }
  }

  /**
   * What an operator orders.
   *
   * @param freeze whether nobody passes but floors; otherwise nobody is slowed
   * @param untilMillis milliseconds since 1970; 0 lifts it
   */
  public record Order(boolean freeze, long untilMillis, String who, String reason) {
    private String what() {
      return freeze ? Term.FREEZE : Term.FREE;
    }
  }

  /**
   * Corrects a budget's running period once.
   *
   * @return whether it was new; fails with {@link IllegalArgumentException} for a budget nobody
   *     knows or a sum below zero, otherwise when the store does not answer
   */
  public Future<Boolean> correct(String budget, Correction correction) {
    Account account = ledger.known(budget);
    if (account == null) {
      return unknown(budget);
    }
    Term term = account.term(ledger.nowMillis());
    LeaseKeeper keeper = account.keeper();
    String note = correction.who() + ": " + correction.reason();
    if (keeper != null && sharing != null) {
      return correctShared(sharing, keeper, account.config(), correction, note);
    }
    boolean imported = !correction.raise() && !correction.service().isEmpty();
    Entry.Kind kind =
        correction.raise() ? Entry.Kind.RAISE : imported ? Entry.Kind.IMPORT : Entry.Kind.ADJUST;
    String subject = imported ? correction.service() : note;
    Entry entry =
        new Entry(kind, correction.id(), budget, term.span.key(), subject, correction.micros());
    switch (term.correct(account.config(), entry)) {
      case IMPOSSIBLE -> {
        return Future.failedFuture(new IllegalArgumentException("the sum would fall below zero"));
      }
      case SEEN -> {
        return Future.succeededFuture(false);
      }
      case DONE -> {
        journal.append(entry);
        account.announceAlone(term, ledger.nowMillis());
      }
    }
    return Future.succeededFuture(true);
  }

  private static <T> Future<T> unknown(String budget) {
    return Future.failedFuture(new IllegalArgumentException("no such budget: " + budget));
  }

  private static Future<Boolean> correctShared(
      BudgetLedger.Sharing sharing,
      LeaseKeeper keeper,
      BudgetConfig budget,
      Correction made,
      String note) {
    return atHome(
            sharing,
            () ->
                sharing
                    .lender()
                    .correct(
                        keeper.where(budget),
                        made.id(),
                        made.raise(),
                        made.micros(),
                        made.service(),
                        note))
        .onComplete(answered -> keeper.hurry());
  }

  private static <T> Future<T> atHome(BudgetLedger.Sharing sharing, Supplier<Future<T>> call) {
    Promise<T> done = Promise.promise();
    sharing.home().execute(() -> call.get().onComplete(done));
    return done.future();
  }

  /** Takes an order for a budget's running period; the latest of its kind holds. */
  public Future<Void> order(String budget, Order order) {
    Account account = ledger.known(budget);
    if (account == null) {
      return unknown(budget);
    }
    Term term = account.term(ledger.nowMillis());
    LeaseKeeper keeper = account.keeper();
    String note = order.who() + ": " + order.reason();
    if (keeper != null && sharing != null) {
      BudgetLedger.Sharing shared = sharing;
      return atHome(
              shared,
              () ->
                  shared
                      .lender()
                      .order(
                          keeper.where(account.config()), order.what(), order.untilMillis(), note))
          .onComplete(answered -> keeper.hurry());
    }
    term.order(order.what(), order.untilMillis());
    journal.append(
        new Entry(
            Entry.Kind.ORDER, order.what(), budget, term.span.key(), note, order.untilMillis()));
    return Future.succeededFuture();
  }

  /** Who spends much of a budget, or null if nobody knows it. */
  public @Nullable Spenders spenders(String budget) {
    return ledger.spenders(budget);
  }

  /**
   * What a calendar month came to.
   *
   * @param month {@code 2026-11}
   * @return null when nobody knows of it
   */
  public Future<@Nullable BudgetMonth> month(BudgetConfig budget, String month) {
    Account account = ledger.known(budget.name());
    String key = month + '.' + budget.amount().currency();
    if (account == null) {
      return Future.succeededFuture();
    }
    LeaseKeeper keeper = account.keeper();
    if (keeper == null || sharing == null) {
      return Future.succeededFuture(account.month(key));
    }
    BudgetLedger.Sharing shared = sharing;
    return atHome(shared, () -> shared.lender().sums(keeper.where(budget).of(key)))
        .map(sums -> sums.isEmpty() ? null : month(budget, sums));
  }

  private static BudgetMonth month(BudgetConfig budget, Map<String, Long> sums) {
    Map<String, Long> byLabel = new HashMap<>();
    sums.forEach(
        (name, micros) -> {
          if (name.startsWith("v:")) {
            byLabel.put(name.substring(2), micros);
          }
        });
    return new BudgetMonth(
        budget.name(),
        budget.amount().currency(),
        budget.amount().micros() + sums.getOrDefault("raised", 0L),
        sums.getOrDefault("spent", 0L),
        byLabel);
  }
}
