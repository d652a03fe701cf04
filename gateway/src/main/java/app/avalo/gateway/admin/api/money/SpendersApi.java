package app.avalo.gateway.admin.api.money;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.Words;
import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.budget.abuse.Spenders;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/** Users whom this gateway refuses because they spend far more of a budget than others. */
public final class SpendersApi {
  private final Controls controls;
  private final Ticker ticker;

  public SpendersApi(Controls controls, Ticker ticker) {
    this.controls = controls;
    this.ticker = ticker;
  }

  public void register(Api api) {
    String all = "/admin/budgets/:budget/paused";
    api.read(HttpMethod.GET, all, this::all);
    api.write(HttpMethod.DELETE, all + "/:user", Role.OPERATOR, "release-spender", this::release);
  }

  private BudgetConfig budget(Call call) {
    Map<String, BudgetConfig> budgets = controls.plan().config().budgets();
    BudgetConfig budget = budgets.get(call.path("budget"));
    if (budget == null) {
      throw Refusal.unknown("budget", call.path("budget"), budgets.keySet());
    }
    return budget;
  }

  private Future<Answer> all(Call call) {
    return Answer.ok(view(budget(call.knows())));
  }

  private JsonObject view(BudgetConfig budget) {
    String currency = budget.amount().currency();
    JsonArray users = new JsonArray();
    Spenders spenders = controls.ledger().desk().spenders(budget.name());
    if (spenders != null) {
      for (Spenders.Paused each : spenders.paused(ticker.epochMillis())) {
        users.add(
            new JsonObject()
                .put("user", each.user())
                .put("spent", Words.money(each.spentMicros(), currency))
                .put("usual", Words.money(each.usualMicros(), currency))
                .put("until", Words.time(each.untilMillis())));
      }
    }
    return new JsonObject().put("budget", budget.name()).put("paused", users);
  }

  private Future<Answer> release(Call call) {
    String user = call.path("user");
    BudgetConfig budget = budget(call.target(call.path("budget") + " " + user));
    String reason = call.knows("reason").query("reason");
    call.because(reason == null ? "" : reason);
    Spenders spenders = controls.ledger().desk().spenders(budget.name());
    List<Spenders.Paused> paused =
        spenders == null ? List.of() : spenders.paused(ticker.epochMillis());
    if (spenders == null || !spenders.release(user)) {
      List<String> names = paused.stream().map(Spenders.Paused::user).toList();
      throw names.isEmpty()
          ? Refusal.notFound("user: " + user + " (this gateway pauses nobody for this budget)")
          : Refusal.unknown("user paused by this gateway", user, names);
    }
    return Answer.ok(view(budget));
  }
}
