package app.avalo.gateway.admin.api;

import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Fields;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.filter.budget.BudgetLedger.Correction;
import app.avalo.gateway.filter.budget.BudgetView;
import app.avalo.gateway.filter.budget.pace.Forecast;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/** Budgets: what is spent, reserved and left; corrections that count once. */
public final class BudgetsApi {
  private final Controls controls;

  public BudgetsApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/budgets", this::all);
    api.write(
        HttpMethod.POST,
        "/admin/budgets/:budget/corrections",
        Role.ADMIN,
        "correct-budget",
        this::correct);
  }

  private Future<Answer> all(Call call) {
    call.knows();
    JsonArray budgets = new JsonArray();
    for (BudgetView view : controls.ledger().view(controls.plan())) {
      budgets.add(view(view));
    }
    return Answer.ok(new JsonObject().put("budgets", budgets));
  }

  private JsonObject view(BudgetView view) {
    JsonObject byService = new JsonObject();
    view.byService()
        .forEach((service, micros) -> byService.put(service, Words.money(micros, view.currency())));
    BudgetView.Counts counts = view.counts();
    return new JsonObject()
        .put("name", view.name())
        .put("level", Words.of(view.level()))
        .put("amount", Words.money(view.amount(), view.currency()))
        .put("spent", Words.money(view.spent(), view.currency()))
        .put("reserved", Words.money(view.reserved(), view.currency()))
        .put("share", view.share())
        .put("admittedShare", view.admittedShare())
        .put("criticalShare", view.criticalShare())
        .put("forecast", forecast(view))
        .put("periodStart", Words.time(view.periodStart()))
        .put("periodEnd", Words.time(view.periodEnd()))
        .put("store", Words.of(view.store()))
        .put(
            "counts",
            new JsonObject()
                .put("admitted", counts.admitted())
                .put("paced", counts.paced())
                .put("refused", counts.refused())
                .put("settled", counts.settled())
                .put("unreadable", counts.unreadable())
                .put("underestimated", counts.underestimated()))
        .put("byService", byService);
  }

  private static JsonObject forecast(BudgetView view) {
    Forecast forecast = view.forecast();
    String currency = view.currency();
    long exhausted = forecast.exhaustedMillis();
    return new JsonObject()
        .put("spent", Words.money(forecast.spent(), currency))
        .put("low", Words.money(forecast.low(), currency))
        .put("high", Words.money(forecast.high(), currency))
        .put("perHour", Words.money(forecast.perHour(), currency))
        .put("exhausted", exhausted == 0 ? null : Words.time(exhausted));
  }

  private Future<Answer> correct(Call call) {
    String name = call.target(call.path("budget")).path("budget");
    Map<String, BudgetConfig> budgets = controls.plan().config().budgets();
    BudgetConfig budget = budgets.get(name);
    if (budget == null) {
      throw Refusal.unknown("budget", name, budgets.keySet());
    }
    Fields body = call.knows().body();
    String id = body.text("id", 128);
    boolean raise = body.choice("of", List.of("spent", "amount")).equals("amount");
    long micros = micros(body, budget.amount().currency());
    String reason = call.because(body.text("reason", 512));
    body.end();
    Correction correction = new Correction(id, raise, micros, call.by(), reason);
    return controls
        .ledger()
        .correct(name, correction)
        .recover(BudgetsApi::refused)
        .map(
            isNew ->
                new Answer(
                    isNew ? 201 : 200, new JsonObject().put("id", id).put("applied", isNew)));
  }

  private static long micros(Fields body, String currency) {
    String text = body.text("by", 32);
    boolean minus = text.startsWith("-");
    Money money = Money.parse(minus || text.startsWith("+") ? text.substring(1) : text);
    if (money == null || money.micros() == 0 || !money.currency().equals(currency)) {
      throw body.wrong("by", text, "an amount such as -12.50 " + currency);
    }
    return minus ? -money.micros() : money.micros();
  }

  private static Future<Boolean> refused(Throwable failure) {
    return Future.failedFuture(
        failure instanceof IllegalArgumentException
            ? Refusal.unacceptable(String.valueOf(failure.getMessage()), Map.of())
            : failure);
  }
}
