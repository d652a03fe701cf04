package app.avalo.gateway.admin.api.money;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.Words;
import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Fields;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.filter.budget.BudgetDesk.Correction;
import app.avalo.gateway.filter.budget.BudgetDesk.Order;
import app.avalo.gateway.filter.budget.BudgetDesk.Unwritten;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What operators and accounting change of budgets: corrections, imported costs and counts, each
 * once by its id, and orders that hold for a time.
 */
public final class CostsApi {
  private static final String FREEZE = "freeze";
  private static final String UNTHROTTLE = "unthrottle";
  private static final String LIFT = "lift";
  private static final Duration LONGEST = Duration.ofDays(31);

  private final Controls controls;

  public CostsApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    String budget = "/admin/budgets/:budget";
    write(api, budget + "/corrections", "correct-budget", this::correct);
    write(api, budget + "/costs", "import-cost", this::cost);
    write(api, budget + "/orders", "order-budget", this::order);
    write(api, "/admin/units/:unit/counts", "import-count", this::count);
  }

  private static void write(Api api, String path, String action, Api.Handler handler) {
    api.write(HttpMethod.POST, path, Role.ADMIN, action, handler);
  }

  private BudgetConfig budget(Call call) {
    String name = call.target(call.path("budget")).path("budget");
    Map<String, BudgetConfig> budgets = controls.plan().config().budgets();
    BudgetConfig budget = budgets.get(name);
    if (budget == null) {
      throw Refusal.unknown("budget", name, budgets.keySet());
    }
    if (budget.per() != null) {
      String wrong = "each has its own: only corrections, of " + name + "@VALUE";
      throw Refusal.unacceptable(wrong, Map.of());
    }
    return budget;
  }

  /** A budget, or the purse of one value, {@code per-user@alice}. */
  private BudgetConfig budgetOrPurse(Call call) {
    String name = call.path("budget");
    for (BudgetConfig budget : controls.plan().config().budgets().values()) {
      if (budget.per() != null && name.startsWith(budget.purse("").name())) {
        call.target(name);
        String value = name.substring(budget.purse("").name().length());
        BudgetConfig purse = controls.ledger().purses().open(budget, value);
        if (purse == null) {
          throw Refusal.unacceptable("no place for another purse at this gateway", Map.of());
        }
        return purse;
      }
    }
    return budget(call);
  }

  private Future<Answer> correct(Call call) {
    BudgetConfig budget = budgetOrPurse(call);
    Fields body = call.knows().body();
    String id = id(body);
    boolean raise = body.choice("of", List.of("spent", "amount")).equals("amount");
    long micros = micros(body, budget.amount().currency());
    String reason = call.because(body.text("reason", 512));
    body.end();
    call.change(by(body) + " of=" + (raise ? "amount" : "spent") + named(id));
    return applied(budget.name(), null, new Correction(id, raise, "", micros, call.by(), reason));
  }

  private Future<Answer> cost(Call call) {
    BudgetConfig budget = budget(call);
    Fields body = call.knows().body();
    String id = id(body);
    String service = body.text("service", 64);
    Words.service(controls.plan(), service);
    long micros = micros(body, budget.amount().currency());
    String period = body.textOrNull("period", 10);
    String reason = call.because(body.text("reason", 512));
    body.end();
    call.change(by(body) + of(service, period) + named(id));
    return applied(
        budget.name(), period, new Correction(id, false, service, micros, call.by(), reason));
  }

  private Future<Answer> count(Call call) {
    String name = call.target(call.path("unit")).path("unit");
    Map<String, BudgetConfig.Unit> units = controls.plan().config().units();
    BudgetConfig.Unit unit = units.get(name);
    if (unit == null) {
      throw Refusal.unknown("unit", name, units.keySet());
    }
    Fields body = call.knows().body();
    String id = id(body);
    String text = body.text("by", 32);
    long micros = signed(body, text, text + " " + unit.account().amount().currency(), "120");
    String service = body.textOrNull("service", 64);
    if (service != null) {
      Words.service(controls.plan(), service);
    }
    String whose = service == null ? "" : service;
    String period = body.textOrNull("period", 10);
    String reason = call.because(body.text("reason", 512));
    body.end();
    call.change(by(body) + of(whose, period) + named(id));
    return applied(
        unit.account().name(), period, new Correction(id, false, whose, micros, call.by(), reason));
  }

  private Future<Answer> applied(String account, @Nullable String period, Correction correction) {
    return controls
        .ledger()
        .desk()
        .correct(account, period, correction)
        .recover(CostsApi::refused)
        .map(
            isNew ->
                new Answer(
                    isNew ? 201 : 200,
                    new JsonObject().put("id", correction.id()).put("applied", isNew)));
  }

  private static String by(Fields body) {
    return "by=" + body.text("by", 32);
  }

  private static String of(String service, @Nullable String period) {
    return (service.isEmpty() ? "" : " service=" + service)
        + (period == null ? "" : " period=" + period);
  }

  /** Last, as it may have spaces. */
  private static String named(String id) {
    return " id=" + id;
  }

  /** Under which it counts once; what nobody sees would make two of one. */
  private static String id(Fields body) {
    String id = body.text("id", 128);
    if (id.codePoints().anyMatch(CostsApi::isUnseen)) {
      throw body.wrong("id", id, "characters that can be seen, and spaces");
    }
    return id;
  }

  private static boolean isUnseen(int c) {
    int type = Character.getType(c);
    return type == Character.CONTROL
        || type == Character.FORMAT
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }

  private static long micros(Fields body, String currency) {
    String text = body.text("by", 32);
    boolean known = text.endsWith(" " + currency);
    String example = "-12.50 " + currency;
    if (!known) {
      throw body.wrong("by", text, "an amount such as " + example);
    }
    return signed(body, text, text, example);
  }

  private static long signed(Fields body, String text, String amount, String example) {
    boolean minus = amount.startsWith("-");
    Money money = Money.parse(minus || amount.startsWith("+") ? amount.substring(1) : amount);
    if (money == null || money.micros() == 0) {
      throw body.wrong("by", text, "an amount such as " + example);
    }
    if (money.micros() > Correction.MOST) {
      throw body.wrong("by", text, "4,000,000,000 at most");
    }
    return minus ? -money.micros() : money.micros();
  }

  private static <T> Future<T> refused(Throwable failure) {
    if (failure instanceof Unwritten) {
      String told =
          "It holds, but is not on disk, so it may be lost with the machine: %s. Mend the disk,"
              + " then send it again as it is.";
      return Future.failedFuture(Refusal.unavailable(told.formatted(failure.getMessage())));
    }
    return Future.failedFuture(
        failure instanceof IllegalArgumentException
            ? Refusal.unacceptable(String.valueOf(failure.getMessage()), Map.of())
            : failure);
  }

  private Future<Answer> order(Call call) {
    BudgetConfig budget = budget(call);
    Fields body = call.knows().body();
    String order = body.choice("order", List.of(FREEZE, UNTHROTTLE, LIFT));
    Duration span = body.durationOrNull("for", Duration.ofSeconds(1), LONGEST);
    if ((span == null) != order.equals(LIFT)) {
      throw Refusal.malformed("for", span == null ? "missing" : "there", "a span but with lift");
    }
    String reason = call.because(body.text("reason", 512));
    body.end();
    long until = span == null ? 0 : Ticker.SYSTEM.epochMillis() + span.toMillis();
    call.change(span == null ? order : order + " until=" + Instant.ofEpochMilli(until));
    Future<Long> done =
        order.equals(LIFT)
            ? put(budget, true, 0, call, reason)
                .compose(lifted -> put(budget, false, 0, call, reason))
            : put(budget, order.equals(FREEZE), until, call, reason);
    return done.recover(CostsApi::refused)
        .map(
            holds ->
                new Answer(
                    200,
                    new JsonObject()
                        .put("budget", budget.name())
                        .put("order", order)
                        .put("until", Words.time(holds))));
  }

  private Future<Long> put(
      BudgetConfig budget, boolean freeze, long until, Call call, String reason) {
    return controls
        .ledger()
        .desk()
        .order(budget.name(), new Order(freeze, until, call.by(), reason));
  }
}
