package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Per;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.BudgetView.Counts;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Budgets of which each user, API key, tier or tenant has the amount for itself: by value a purse,
 * which is an account like any other. Bounded in number: those nobody would miss are forgotten
 * first, and who finds no place shares one purse with all others who do not. Safe from every
 * thread.
 */
public final class Purses {
  /** Of all budgets together. */
  static final int MOST = 10_000;

  /** Between two looks for purses that nobody would miss. */
  private static final long SWEEP_MILLIS = 1_000;

  private static final int LONGEST_VALUE = 64;

  /** Of callers without a value, and of those for whom there is no place. */
  private static final String COMMON = "";

  private final BudgetLedger ledger;
  private final ConcurrentMap<String, Open> open = new ConcurrentHashMap<>();
  private long sweptMillis; // guarded by this
  private final Map<String, Counts> forgotten = new HashMap<>(); // by budget; guarded by this

  /** A purse, and the budget of the plan under which it was made. */
  private record Open(BudgetConfig budget, BudgetConfig purse) {}

  Purses(BudgetLedger ledger) {
    this.ledger = ledger;
  }

  /** The budgets that a caller's request is charged to, with its own purses. */
  List<BudgetConfig> of(List<BudgetConfig> budgets, Caller caller) {
    List<BudgetConfig> charged = new ArrayList<>(budgets.size());
    for (BudgetConfig budget : budgets) {
      Per per = budget.per();
      charged.add(per == null ? budget : of(budget, value(per, caller)));
    }
    return charged;
  }

  private static String value(Per per, Caller caller) {
    String value =
        switch (per.scope()) {
          case USER -> caller.user();
          case API_KEY -> caller.apiKey();
          case TIER -> caller.tier();
          case CLAIM -> caller.claims().get(Objects.requireNonNull(per.claim()));
        };
    return value == null ? COMMON : bounded(value);
  }

  /** Long ones have a name made from theirs. */
  private static String bounded(String value) {
    return value.length() <= LONGEST_VALUE
        ? value
        : UUID.nameUUIDFromBytes(value.getBytes(StandardCharsets.UTF_8)).toString();
  }

  /** The purse of this value, opened if it was not; null when there is no place for it. */
  public @Nullable BudgetConfig open(BudgetConfig budget, String value) {
    String mapped = bounded(value);
    BudgetConfig purse = of(budget, mapped);
    return purse.name().equals(budget.purse(mapped).name()) ? purse : null;
  }

  private BudgetConfig of(BudgetConfig budget, String value) {
    Open known = open.get(budget.name() + '@' + value);
    return known != null && known.budget() == budget ? known.purse() : make(budget, value);
  }

  private synchronized BudgetConfig make(BudgetConfig budget, String value) {
    BudgetConfig purse = budget.purse(value);
    boolean place = value.equals(COMMON) || open.containsKey(purse.name()) || hasPlace();
    if (!place) {
      return of(budget, COMMON);
    }
    long now = ledger.nowMillis();
    ledger.account(purse).configure(purse, Map.of(), now);
    open.put(purse.name(), new Open(budget, purse));
    return purse;
  }

  private boolean hasPlace() {
    long now = ledger.nowMillis();
    if (open.size() >= MOST && now - sweptMillis >= SWEEP_MILLIS) {
      sweptMillis = now;
      open.values().removeIf(each -> forget(each, now));
    }
    return open.size() < MOST;
  }

  private boolean forget(Open each, long now) {
    Account account = ledger.known(each.purse().name());
    boolean gone = ledger.forget(each.purse().name(), now);
    if (gone && account != null) {
      forgotten.merge(each.purse().title(), account.counts(), Counts::plus);
    }
    return gone;
  }

  /** Requests that all purses of a budget decided on, the forgotten ones too. */
  synchronized Counts counts(BudgetConfig budget) {
    Counts sum = forgotten.getOrDefault(budget.name(), Counts.NONE);
    for (Open each : open.values()) {
      Account account = ledger.known(each.purse().name());
      boolean ofIt = each.purse().title().equals(budget.name());
      sum = ofIt && account != null ? sum.plus(account.counts()) : sum;
    }
    return sum;
  }

  /** The purses of a budget by value, those first of which most is spent; so many at most. */
  public Map<String, BudgetView> fullest(BudgetConfig budget, int most) {
    Map<String, BudgetView> views = new HashMap<>();
    long now = ledger.nowMillis();
    for (Open each : open.values()) {
      Account account = ledger.known(each.purse().name());
      if (account != null && each.purse().title().equals(budget.name())) {
        String value = each.purse().name().substring(budget.name().length() + 1);
        views.put(value, account.view(account.term(now), now));
      }
    }
    Map<String, BudgetView> fullest = new LinkedHashMap<>();
    views.entrySet().stream()
        .sorted(
            Comparator.comparingLong(
                    (Map.Entry<String, BudgetView> each) -> -each.getValue().spent())
                .thenComparing(Map.Entry::getKey))
        .limit(most)
        .forEach(each -> fullest.put(each.getKey(), each.getValue()));
    return fullest;
  }

  /** The purse of which most is spent; of the common one when there is no other. */
  BudgetView fullest(BudgetConfig budget) {
    of(budget, COMMON);
    return fullest(budget, 1).values().iterator().next();
  }
}
