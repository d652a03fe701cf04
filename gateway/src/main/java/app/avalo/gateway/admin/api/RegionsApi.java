package app.avalo.gateway.admin.api;

import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Fields;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.RegionStatus;
import app.avalo.gateway.region.RegionStatus.EndpointStatus;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.RegionStatus.Incident;
import app.avalo.gateway.region.Standing;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Regions: what is observed, what an operator ordered, what holds. */
public final class RegionsApi {
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(30);

  private final Controls controls;
  private final Ticker ticker;

  public RegionsApi(Controls controls, Ticker ticker) {
    this.controls = controls;
    this.ticker = ticker;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/regions", this::all);
    api.read(HttpMethod.GET, "/admin/regions/:region", this::one);
    api.write(HttpMethod.POST, "/admin/regions/:region/force", Role.OPERATOR, "force", this::force);
    api.write(
        HttpMethod.DELETE, "/admin/regions/:region/force", Role.OPERATOR, "release", this::release);
  }

  private Future<Answer> all(Call call) {
    call.knows();
    return controls
        .health()
        .status()
        .map(
            all -> {
              Plan plan = controls.plan();
              JsonArray regions = new JsonArray();
              all.forEach(status -> regions.add(view(plan, status)));
              return new Answer(
                  200,
                  new JsonObject()
                      .put("panic", controls.health().panic())
                      .put("probedOnce", controls.health().probedOnce())
                      .put("regions", regions));
            });
  }

  private Future<Answer> one(Call call) {
    String name = Words.region(controls.plan(), call.knows().path("region")).name();
    return controls
        .health()
        .status()
        .map(
            all -> {
              for (RegionStatus status : all) {
                if (status.region().equals(name)) {
                  return new Answer(200, view(controls.plan(), status));
                }
              }
              throw Refusal.unavailable(name + " is not watched yet; ask again.");
            });
  }

  private Future<Answer> force(Call call) {
    String name =
        Words.region(controls.plan(), call.target(call.path("region")).path("region")).name();
    Fields body = call.knows().body();
    boolean out = body.choice("order", List.of("out", "in")).equals("out");
    String reason = call.because(body.text("reason", 512));
    Duration expires = body.durationOrNull("expires", SHORTEST, LONGEST);
    body.end();
    Long until = expires == null ? null : ticker.epochMillis() + expires.toMillis();
    return controls
        .health()
        .force(name, new Forced(out, call.by(), reason, until))
        .map(status -> changed(status));
  }

  private Future<Answer> release(Call call) {
    String name =
        Words.region(controls.plan(), call.target(call.path("region")).path("region")).name();
    String reason = call.knows("reason").query("reason");
    call.because(reason == null ? "" : reason);
    return controls.health().release(name, call.by()).map(this::changed);
  }

  /** A region after an order, and what the operator should know of the others. */
  private Answer changed(RegionStatus status) {
    Plan plan = controls.plan();
    JsonArray warnings = new JsonArray();
    if (status.standing() == Standing.OUT) {
      for (Service service : plan.services()) {
        if (isLost(plan, service)) {
          warnings.add("no region of " + service.name() + " is in service");
        }
      }
    }
    return new Answer(
        200, new JsonObject().put("region", view(plan, status)).put("warnings", warnings));
  }

  private boolean isLost(Plan plan, Service service) {
    for (Region region : plan.regions()) {
      if (!service.in(region).isEmpty() && controls.health().standing(region) != Standing.OUT) {
        return false;
      }
    }
    return true;
  }

  private static JsonObject view(Plan plan, RegionStatus status) {
    Region region = plan.region(status.region());
    List<String> services = new ArrayList<>();
    if (region != null) {
      for (Service service : plan.services()) {
        if (!service.in(region).isEmpty()) {
          services.add(service.name());
        }
      }
    }
    JsonArray endpoints = new JsonArray();
    status.endpoints().forEach(endpoint -> endpoints.add(view(endpoint)));
    JsonArray incidents = new JsonArray();
    for (int i = status.incidents().size() - 1; i >= 0; i--) {
      incidents.add(view(status.incidents().get(i)));
    }
    return new JsonObject()
        .put("name", status.region())
        .put("place", region == null ? null : region.config().place())
        .put("index", region == null ? null : region.config().index())
        .put("standing", Words.of(status.standing()))
        .put("since", Words.time(status.sinceEpochMillis()))
        .put("reason", status.reason())
        .put("observed", Words.of(status.observed()))
        .put("evictionRefused", status.evictionRefused())
        .put("forced", status.forced() == null ? null : view(status.forced()))
        .put("services", new JsonArray(services))
        .put("endpoints", endpoints)
        .put("incidents", incidents);
  }

  private static JsonObject view(Forced forced) {
    Long until = forced.untilEpochMillis();
    return new JsonObject()
        .put("order", forced.out() ? "out" : "in")
        .put("by", forced.by())
        .put("reason", forced.reason())
        .put("until", until == null ? null : Words.time(until));
  }

  private static JsonObject view(EndpointStatus endpoint) {
    JsonObject failures = new JsonObject();
    endpoint.failures().forEach((kind, count) -> failures.put(Words.of(kind), count));
    return new JsonObject()
        .put("url", endpoint.url())
        .put("check", endpoint.check())
        .put("standing", Words.of(endpoint.standing()))
        .put("state", Words.of(endpoint.state()))
        .put("since", Words.time(endpoint.sinceEpochMillis()))
        .put("reason", endpoint.reason())
        .put("lastCheck", endpoint.lastCheck())
        .put("lastCheckAt", Words.time(endpoint.lastCheckEpochMillis()))
        .put("successes", endpoint.successes())
        .put("failures", failures)
        .put("convictions", endpoint.convictions())
        .put("ejections", endpoint.ejections());
  }

  private static JsonObject view(Incident incident) {
    return new JsonObject()
        .put("at", Words.time(incident.epochMillis()))
        .put("subject", incident.subject())
        .put("from", Words.of(incident.from()))
        .put("to", Words.of(incident.to()))
        .put("reason", incident.reason());
  }
}
