package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Period;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import app.avalo.gateway.filter.budget.journal.Entry;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.journal.Sheet;
import app.avalo.gateway.filter.budget.lease.Corrected;
import app.avalo.gateway.filter.budget.lease.Lender;
import app.avalo.gateway.filter.budget.lease.Statement;
import app.avalo.gateway.filter.budget.term.Orders;
import app.avalo.gateway.filter.budget.term.Span;
import app.avalo.gateway.filter.budget.term.Term;
import app.avalo.gateway.filter.budget.view.BudgetMonth;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where operators change budgets: corrections and imported costs, each once by its id, and orders
 * that hold for a time. Safe from every thread.
 */
public final class BudgetDesk {
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
    /** As the amount of a budget: sums stay exact in a script of Redis, which has doubles. */
    public static final long MOST = 4_000_000_000L * Money.MICROS;

    public Correction {
      require(!id.isBlank() && id.length() <= 128, "id", id, "1 to 128 characters");
      require(!reason.isBlank() && reason.length() <= 512, "reason", reason, "1 to 512 characters");
      boolean exact = Math.abs(micros) <= MOST;
      require(exact, "micros", Long.toString(micros), "4,000,000,000 units at most");
    }

    private String note() {
      return who + ": " + reason;
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
      return freeze ? Orders.FREEZE : Orders.FREE;
    }
  }

  /**
   * What was told holds, but would not outlive the machine: the disk fails. It is written when the
   * disk takes it again; who repeats it hears then.
   */
  public static final class Unwritten extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unwritten(Throwable cause) {
      super(String.valueOf(cause.getMessage()), cause, false, false);
    }
  }

  /** Corrects a budget's running period once. */
  public Future<Boolean> correct(String budget, Correction correction) {
    return correct(budget, null, correction);
  }

  /**
   * Corrects a period of a budget once: an id that was seen in it, in the running one or in those
   * before them is known.
   *
   * @param period {@code 2026-11}, of budgets by the day {@code 2026-11-21}; null for the running
   *     one
   * @return whether it was new; fails with {@link IllegalArgumentException} for a budget or period
   *     nobody knows or a sum below zero, with {@link Unwritten} when the disk fails, otherwise
   *     when the store does not answer
   */
  public Future<Boolean> correct(String budget, @Nullable String period, Correction correction) {
    Account account = ledger.known(budget);
    if (account == null) {
      return unknown(budget);
    }
    BudgetConfig config = account.config();
    Span running = account.term(ledger.nowMillis()).span;
    Span span = running;
    try {
      span = period == null ? running : Span.named(config, period);
    } catch (IllegalArgumentException malformed) {
      return Future.failedFuture(malformed);
    }
    LeaseKeeper keeper = account.keeper();
    Future<Corrected> done =
        span.startMillis() > running.startMillis()
            ? Future.succeededFuture(Corrected.UNKNOWN)
            : keeper == null || sharing == null
                ? correctAlone(account, span, correction)
                : correctShared(sharing, keeper, config, running, span, correction);
    return done.map(outcome -> isNew(outcome, period));
  }

  private static boolean isNew(Corrected outcome, @Nullable String period) {
    return switch (outcome) {
      case DONE -> true;
      case SEEN -> false;
      case IMPOSSIBLE ->
          throw new IllegalArgumentException("the sum would fall below zero, or be too large");
      case UNKNOWN -> throw new IllegalArgumentException("nothing is known of period " + period);
    };
  }

  /** A repeat waits, too: the write of the first may have failed. */
  private Future<Corrected> correctAlone(Account account, Span span, Correction correction) {
    boolean imported = !correction.raise() && !correction.service().isEmpty();
    Entry entry =
        new Entry(
            correction.raise()
                ? Entry.Kind.RAISE
                : imported ? Entry.Kind.IMPORT : Entry.Kind.ADJUST,
            correction.id(),
            account.config().name(),
            span.key(),
            imported ? correction.service() + ' ' + correction.note() : correction.note(),
            correction.micros());
    Corrected outcome = account.correct(span, entry);
    if (outcome == Corrected.DONE) {
      journal.append(entry);
      account.announceAlone(account.term(ledger.nowMillis()), ledger.nowMillis());
    }
    return outcome == Corrected.DONE || outcome == Corrected.SEEN
        ? written(outcome)
        : Future.succeededFuture(outcome);
  }

  /** This, once all that was said before is on disk. */
  private <T> Future<T> written(T outcome) {
    return Future.fromCompletionStage(journal.flush())
        .map(outcome)
        .recover(failure -> Future.failedFuture(new Unwritten(failure)));
  }

  private static <T> Future<T> unknown(String budget) {
    return Future.failedFuture(new IllegalArgumentException("no such budget: " + budget));
  }

  private static Future<Corrected> correctShared(
      BudgetLedger.Sharing sharing,
      LeaseKeeper keeper,
      BudgetConfig budget,
      Span running,
      Span span,
      Correction made) {
    Lender.Change change =
        new Lender.Change(made.id(), made.raise(), made.micros(), made.service(), made.note());
    Map<String, Span> others = new LinkedHashMap<>();
    for (Span each : List.of(running, running.before(budget), span.before(budget))) {
      others.put(each.key(), each);
    }
    others.remove(span.key());
    Statement.Where where = keeper.where(budget);
    return atHome(
            sharing,
            () ->
                sharing
                    .lender()
                    .correct(
                        of(where, span),
                        others.values().stream().map(each -> of(where, each)).toList(),
                        change))
        .onComplete(answered -> keeper.hurry());
  }

  private static Statement.Where of(Statement.Where where, Span span) {
    return where.of(span.key(), span.endMillis());
  }

  private static <T> Future<T> atHome(BudgetLedger.Sharing sharing, Supplier<Future<T>> call) {
    Promise<T> done = Promise.promise();
    sharing.home().execute(() -> call.get().onComplete(done));
    return done.future();
  }

  /**
   * Takes an order for a budget; the latest of its kind holds, in further periods too.
   *
   * @return until when it holds, milliseconds since 1970: a month at most; fails as a correction
   */
  public Future<Long> order(String budget, Order order) {
    Account account = ledger.known(budget);
    if (account == null) {
      return unknown(budget);
    }
    long now = ledger.nowMillis();
    Term term = account.term(now);
    LeaseKeeper keeper = account.keeper();
    String note = order.who() + ": " + order.reason();
    long latest = now + Tenures.LONGEST_ORDER.toMillis();
    long until = Math.min(order.untilMillis(), latest);
    if (keeper != null && sharing != null) {
      Lender.Order told = new Lender.Order(order.what(), until, note);
      BudgetLedger.Sharing shared = sharing;
      return atHome(shared, () -> order(shared, keeper, account.config(), term.span, now, told))
          .onComplete(answered -> keeper.hurry())
          .map(until);
    }
    term.order(order.what(), until);
    Tenures.write(journal, account.config(), term.span, now, order.what(), note, until);
    return written(until);
  }

  /**
   * Says it to every period in which it, or an earlier one that it replaces, may hold; days and
   * months, as a change of configuration may make one of the other.
   */
  private static Future<Void> order(
      BudgetLedger.Sharing sharing,
      LeaseKeeper keeper,
      BudgetConfig budget,
      Span running,
      long now,
      Lender.Order told) {
    Statement.Where where = keeper.where(budget);
    long latest = now + Tenures.LONGEST_ORDER.toMillis();
    Future<Void> done = Future.succeededFuture();
    for (Period period : Period.values()) {
      Span span = period == budget.period() ? running : Span.of(budget, period, now);
      for (; span.startMillis() < latest; span = Span.of(budget, period, span.endMillis())) {
        Span each = span;
        done =
            done.compose(
                before -> sharing.lender().order(of(where, each), each.startMillis(), told));
      }
    }
    return done;
  }

  /** Who spends much of a budget, or null if nobody knows it. */
  public @Nullable Spenders spenders(String budget) {
    return ledger.spenders(budget);
  }

  /**
   * What a calendar month came to.
   *
   * @param budget by the month
   * @param month {@code 2026-11}
   * @return null when nobody knows of it
   */
  public Future<@Nullable BudgetMonth> month(BudgetConfig budget, String month) {
    Account account = ledger.known(budget.name());
    Span span = Span.named(budget, month);
    if (account == null) {
      return Future.succeededFuture();
    }
    LeaseKeeper keeper = account.keeper();
    if (keeper == null || sharing == null) {
      return Future.succeededFuture(account.month(span.key()));
    }
    BudgetLedger.Sharing shared = sharing;
    return sums(shared, of(keeper.where(budget), span), budget.amount());
  }

  /**
   * What budgets by the month came to that nobody configures any more, as far as this process or
   * its ledger on disk has met them.
   *
   * @param named those that are configured
   */
  public Future<List<BudgetMonth>> removed(Set<String> named, String month) {
    Map<String, Future<@Nullable BudgetMonth>> months = new TreeMap<>();
    for (Account account : ledger.accounts()) {
      BudgetConfig budget = account.config();
      if (!named.contains(budget.name()) && account.tells() && budget.monthly()) {
        months.put(budget.name(), month(budget, month));
      }
    }
    journal
        .recovered()
        .forEach(
            (name, terms) -> {
              boolean met = ledger.known(name) != null;
              boolean common = name.indexOf('@') < 0 && !name.startsWith(BudgetConfig.Unit.PREFIX);
              for (String term : terms.keySet()) {
                if (!named.contains(name) && !met && common && term.startsWith(month + '.')) {
                  months.put(name, past(name, term, terms.get(term)));
                }
              }
            });
    return Future.all(List.copyOf(months.values()))
        .map(
            known ->
                months.values().stream()
                    .map(Future::result)
                    .filter(each -> each != null && (each.spent() != 0 || !each.sums().isEmpty()))
                    .map(BudgetMonth::gone)
                    .toList());
  }

  /** Of a budget of an earlier process. */
  private Future<@Nullable BudgetMonth> past(String name, String term, Sheet sheet) {
    Money nothing = new Money(0, term.substring(term.indexOf('.') + 1));
    if (sharing != null) {
      return sums(sharing, new Statement.Where(name, term, 0, 0, 0), nothing);
    }
    return Future.succeededFuture(
        new BudgetMonth(name, nothing.currency(), sheet.raised(), sheet.spent(), sheet.sums()));
  }

  private static Future<@Nullable BudgetMonth> sums(
      BudgetLedger.Sharing sharing, Statement.Where where, Money amount) {
    return atHome(sharing, () -> sharing.lender().sums(where))
        .map(sums -> sums.isEmpty() ? null : month(where.budget(), amount, sums));
  }

  private static BudgetMonth month(String budget, Money amount, Map<String, Long> sums) {
    Map<String, Long> byLabel = new HashMap<>();
    sums.forEach(
        (name, micros) -> {
          if (name.startsWith("v:")) {
            byLabel.put(name.substring(2), micros);
          }
        });
    return new BudgetMonth(
        budget,
        amount.currency(),
        amount.micros() + sums.getOrDefault("raised", 0L),
        sums.getOrDefault("spent", 0L),
        byLabel);
  }
}
