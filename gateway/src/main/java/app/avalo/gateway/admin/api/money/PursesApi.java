package app.avalo.gateway.admin.api.money;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.Words;
import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.BudgetConfig;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;

/** Purses of budgets that each caller has for itself, as far as this gateway keeps them. */
public final class PursesApi {
  private static final int MOST = 100;

  private final Controls controls;

  public PursesApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/budgets/:budget/purses", this::fullest);
  }

  private Future<Answer> fullest(Call call) {
    Map<String, BudgetConfig> budgets = controls.plan().config().budgets();
    BudgetConfig budget = budgets.get(call.knows().path("budget"));
    if (budget == null) {
      throw Refusal.unknown("budget", call.path("budget"), budgets.keySet());
    }
    JsonArray purses = new JsonArray();
    controls
        .ledger()
        .purses()
        .fullest(budget, MOST)
        .forEach(
            (value, view) ->
                purses.add(
                    new JsonObject()
                        .put("value", value)
                        .put("level", Words.of(view.level()))
                        .put("amount", Words.money(view.amount(), view.currency()))
                        .put("spent", Words.money(view.spent(), view.currency()))
                        .put("reserved", Words.money(view.reserved(), view.currency()))));
    return Answer.ok(new JsonObject().put("budget", budget.name()).put("purses", purses));
  }
}
