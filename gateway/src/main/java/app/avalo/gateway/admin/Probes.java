package app.avalo.gateway.admin;

import app.avalo.gateway.admin.api.Controls;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;

/** What machines ask without a credential: is it alive, may it be sent work. */
final class Probes {
  private final Controls controls;
  private final Pulse pulse;

  Probes(Controls controls, Pulse pulse) {
    this.controls = controls;
    this.pulse = pulse;
  }

  void register(Router router) {
    router.route("/livez").method(HttpMethod.GET).method(HttpMethod.HEAD).handler(this::live);
    router.route("/readyz").method(HttpMethod.GET).method(HttpMethod.HEAD).handler(this::ready);
    router.get("/metrics").handler(this::metrics);
  }

  private void live(RoutingContext context) {
    List<String> reasons = new ArrayList<>();
    pulse.stuck().forEach(loop -> reasons.add(loop + " does not turn"));
    send(context, "alive", reasons);
  }

  private void ready(RoutingContext context) {
    List<String> reasons = new ArrayList<>();
    if (controls.stopping()) {
      reasons.add("stopping");
    }
    if (!controls.health().probedOnce()) {
      reasons.add("not every endpoint was checked once");
    }
    send(context, "ready", reasons);
  }

  private void metrics(RoutingContext context) {
    String accept = context.request().getHeader(HttpHeaders.ACCEPT);
    // One at a time, so that a crowd of scrapers takes one worker and not all.
    context
        .vertx()
        .executeBlocking(() -> controls.metrics().render(accept), true)
        .onFailure(context::fail)
        .onSuccess(
            page ->
                context
                    .response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, page.contentType())
                    .end(page.body()));
  }

  private static void send(RoutingContext context, String what, List<String> reasons) {
    JsonObject body =
        new JsonObject().put(what, reasons.isEmpty()).put("reasons", new JsonArray(reasons));
    context
        .response()
        .setStatusCode(reasons.isEmpty() ? 200 : 503)
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .end(body.encode() + "\n");
  }
}
