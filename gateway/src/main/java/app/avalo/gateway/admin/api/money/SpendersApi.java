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

/**
 * Users and API keys that this gateway refuses because they spend far more of a budget than others.
 */
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
    api.write(
        HttpMethod.DELETE, all + "/:spender", Role.OPERATOR, "release-spender", this::release);
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
    JsonArray all = new JsonArray();
    Spenders spenders = controls.ledger().desk().spenders(budget.name());
    if (spenders != null) {
      for (Spenders.Paused each : spenders.paused(ticker.epochMillis())) {
        all.add(
            new JsonObject()
                .put("spender", each.spender())
                .put("spent", Words.money(each.spentMicros(), currency))
                .put("usual", Words.money(each.usualMicros(), currency))
                .put("until", Words.time(each.untilMillis())));
      }
    }
    return new JsonObject().put("budget", budget.name()).put("paused", all);
  }

  private Future<Answer> release(Call call) {
    String spender = call.path("spender");
    BudgetConfig budget = budget(call.target(call.path("budget") + " " + spender));
    String reason = call.knows("reason").query("reason");
    call.because(reason == null ? "" : reason);
    Spenders spenders = controls.ledger().desk().spenders(budget.name());
    List<Spenders.Paused> paused =
        spenders == null ? List.of() : spenders.paused(ticker.epochMillis());
    if (spenders == null || !spenders.release(spender)) {
      List<String> names = paused.stream().map(Spenders.Paused::spender).toList();
      throw names.isEmpty()
          ? Refusal.notFound(
              "spender: " + spender + " (this gateway pauses nobody for this budget)")
          : Refusal.unknown("spender paused by this gateway", spender, names);
    }
    return Answer.ok(view(budget));
  }
}
