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
import app.avalo.gateway.filter.pin.PinAdmin;
import app.avalo.gateway.filter.pin.keep.Order;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.RegionStatus;
import app.avalo.gateway.region.RegionStatus.EndpointStatus;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.RegionStatus.Incident;
import app.avalo.gateway.region.RegionStatus.Steps;
import app.avalo.gateway.region.RegionStatus.Taking;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.region.recovery.Recovery;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Regions: what is observed, what an operator ordered, what holds. */
public final class RegionsApi {
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(30);

  private static final int DRAIN_USERS = 500;
  private static final int MOST_DRAIN_USERS = 1_000_000;
  private static final Duration DRAIN_PAUSE = Duration.ofSeconds(1);
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);
  private static final double ALL = 1024;

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
                      .put("inDoubt", controls.health().inDoubt())
                      .put("probedOnce", controls.health().probedOnce())
                      .put("regions", regions)
                      .put("recoveries", recoveries()));
            });
  }

  /** Latest first. */
  private JsonArray recoveries() {
    List<Recovery> all = controls.health().recoveries().all();
    JsonArray view = new JsonArray();
    for (int i = all.size() - 1; i >= 0; i--) {
      Recovery recovery = all.get(i);
      Long objective = recovery.objectiveMillis();
      view.add(
          new JsonObject()
              .put("service", recovery.service())
              .put("region", recovery.region())
              .put("began", Words.time(recovery.beganEpochMillis()))
              .put("seconds", recovery.millis() / 1e3)
              .put("objectiveSeconds", objective == null ? null : (Double) (objective / 1e3))
              .put("late", recovery.isLate())
              .put("over", recovery.over()));
    }
    return view;
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
    String order = body.choice("order", List.of("out", "in", "drain"));
    boolean drain = order.equals("drain");
    Steps steps =
        drain
            ? new Steps(
                body.integer("users", DRAIN_USERS, 1, MOST_DRAIN_USERS),
                orElse(body.durationOrNull("pause", SHORTEST_PAUSE, LONGEST_PAUSE), DRAIN_PAUSE))
            : null;
    String reason = call.because(body.text("reason", 512));
    Duration expires = body.durationOrNull("expires", SHORTEST, LONGEST);
    body.end();
    Long until = expires == null ? null : ticker.epochMillis() + expires.toMillis();
    return controls
        .health()
        .force(name, new Forced(!order.equals("in"), call.by(), reason, until, steps))
        .compose(status -> pins(order(name, order, steps, call.by() + ": " + reason), status));
  }

  private static Duration orElse(@Nullable Duration wanted, Duration fallback) {
    return wanted == null ? fallback : wanted;
  }

  private Future<Answer> release(Call call) {
    String name =
        Words.region(controls.plan(), call.target(call.path("region")).path("region")).name();
    String reason = call.knows("reason").query("reason");
    String why = call.because(reason == null ? "" : reason);
    return controls
        .health()
        .release(name, call.by())
        .compose(status -> pins(Order.resume(index(name), call.by() + ": " + why), status));
  }

  /** What an order for a region means for those who are bound to it, or null for nothing. */
  private @Nullable Order order(String name, String order, @Nullable Steps steps, String by) {
    if (steps != null) {
      return Order.drain(index(name), -1, steps.users(), by);
    }
    return order.equals("out") ? Order.giveUp(index(name), -1, by) : null;
  }

  private int index(String name) {
    return Words.region(controls.plan(), name).config().index();
  }

  /** Gives an order to all groups of pins; one that a map does not allow now changes nothing. */
  private Future<Answer> pins(@Nullable Order order, RegionStatus status) {
    List<Future<Order.Result>> told = new ArrayList<>();
    if (order != null) {
      PinAdmin.groups(controls.plan())
          .forEach(group -> told.add(controls.keepers().order(group, order)));
    }
    return Future.all(told).map(all -> changed(status));
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
        .put("share", status.taking().share() / ALL)
        .put("users", status.taking().users())
        .put("forced", status.forced() == null ? null : view(status.forced(), status.taking()))
        .put("services", new JsonArray(services))
        .put("check", status.check() == null ? null : view(status.check()))
        .put("endpoints", endpoints)
        .put("incidents", incidents);
  }

  private static JsonObject view(Forced forced, Taking taking) {
    Long until = forced.untilEpochMillis();
    return new JsonObject()
        .put("order", forced.steps() != null ? "drain" : forced.out() ? "out" : "in")
        .put("by", forced.by())
        .put("reason", forced.reason())
        .put("until", until == null ? null : Words.time(until))
        .put("drain", forced.steps() == null ? null : view(forced.steps(), taking));
  }

  private static JsonObject view(Steps steps, Taking taking) {
    return new JsonObject()
        .put("users", steps.users())
        .put("pause", steps.pause().toMillis() + "ms")
        .put("done", taking.drained());
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
