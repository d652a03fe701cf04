package app.avalo.gateway.admin.api;

import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.reload.ReloadStatus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Objects;

/** The configuration in force, what came of the last attempt to change it, and another attempt. */
public final class ConfigApi {
  private final Controls controls;

  public ConfigApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/config", this::config);
    api.read(HttpMethod.GET, "/admin/reload", this::lastReload);
    api.read(HttpMethod.GET, "/admin/whoami", this::whoami);
    api.write(HttpMethod.POST, "/admin/reload", Role.OPERATOR, "reload", this::reload);
  }

  private Future<Answer> config(Call call) {
    call.knows();
    ReloadStatus status = controls.lastReload();
    GatewayConfig config = controls.plan().config();
    // Rendering reads the shape of every type the first time; no loop has that long.
    return Objects.requireNonNull(Vertx.currentContext())
        .executeBlocking(() -> ConfigView.of(config))
        .map(
            shown ->
                new Answer(
                    200,
                    new JsonObject()
                        .put("fingerprint", status.fingerprint())
                        .put("lastReload", view(status))
                        .put("configuration", shown)));
  }

  private Future<Answer> lastReload(Call call) {
    call.knows();
    return Answer.ok(
        new JsonObject()
            .put("gateway", controls.plan().config().name())
            .put("stopping", controls.stopping())
            .put("lastReload", view(controls.lastReload())));
  }

  private Future<Answer> whoami(Call call) {
    call.knows();
    return Answer.ok(
        new JsonObject()
            .put("name", call.who().name())
            .put("role", call.who().label())
            .put("writing", !controls.plan().config().admin().credentials().isEmpty()));
  }

  private Future<Answer> reload(Call call) {
    String reason = call.knows("reason").target("configuration").query("reason");
    call.because(reason == null ? "" : reason);
    return controls
        .reload("admin " + call.by())
        .map(
            status -> {
              if (!status.successful()) {
                throw Refusal.unacceptable(
                    "The files have " + status.faults().size() + " faults; nothing was changed.",
                    Map.of("lastReload", view(status)));
              }
              return new Answer(200, new JsonObject().put("lastReload", view(status)));
            });
  }

  static JsonObject view(ReloadStatus status) {
    return new JsonObject()
        .put("successful", status.successful())
        .put("cause", status.cause())
        .put("at", Words.time(status.atEpochMillis()))
        .put("fingerprint", status.fingerprint())
        .put("faults", new JsonArray(status.faults()))
        .put("needsRestart", new JsonArray(status.needsRestart()))
        .put("reloads", status.reloads())
        .put("failures", status.failures());
  }
}
