package app.avalo.gateway.admin.api;

import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.geo.RoutingAdvice;
import app.avalo.gateway.filter.geo.RoutingAdvice.Choice;
import app.avalo.gateway.filter.geo.RoutingAdvice.Verdict;
import app.avalo.gateway.filter.geo.RoutingAdvisor;
import app.avalo.gateway.region.Standing;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code getRouting}: the best region for a new caller of a service, and its alternates. */
public final class RoutingApi {
  /** Stands for a caller of whom only the country is known; in no block and no database. */
  private static final IpAddress NOWHERE = new IpAddress(0, 0);

  private final Controls controls;
  private @Nullable RoutingAdvisor advisor; // one per plan
  private @Nullable Plan of;

  public RoutingApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/routing", this::routing);
  }

  private Future<Answer> routing(Call call) {
    call.knows("client", "country", "service", "present");
    Plan plan = controls.plan();
    Service service = service(plan, call.query("service"));
    Place place = place(plan, call.query("client"), call.query("country"));
    RoutingAdvisor advisor = advisor(plan);
    IpAddress client = call.query("client") == null ? NOWHERE : address(call.query("client"));
    RoutingAdvice advice =
        advisor.advise(service, place, advisor.client(client, place), call.query("present"));
    JsonObject best = null;
    JsonObject resort = null;
    JsonArray alternates = new JsonArray();
    JsonArray excluded = new JsonArray();
    for (Choice choice : advice.choices()) {
      Standing standing = controls.health().standing(choice.region(), service);
      JsonObject view = view(choice, standing, controls.health().share(choice.region()));
      if (choice.verdict() != Verdict.ALLOWED || standing == Standing.OUT) {
        excluded.add(view);
      } else if (best == null && standing == Standing.IN_SERVICE) {
        best = view;
      } else {
        alternates.add(view);
        resort = resort == null ? view : resort;
      }
    }
    if (best == null && resort != null) {
      best = resort;
      alternates.remove(0);
    }
    return Answer.ok(
        new JsonObject()
            .put("service", service.name())
            .put("place", view(place))
            .put("best", best)
            .put("alternates", alternates)
            .put("excluded", excluded));
  }

  private static Service service(Plan plan, @Nullable String name) {
    if (name == null) {
      throw Refusal.malformed("service", "missing", "the name of a service");
    }
    return Words.service(plan, name);
  }

  private Place place(Plan plan, @Nullable String client, @Nullable String country) {
    if (client == null && country == null) {
      throw Refusal.malformed("client", "missing", "an address, or country");
    }
    IpAddress address = client == null ? NOWHERE : address(client);
    String code = country == null ? null : country.toUpperCase(Locale.ROOT);
    Place place = advisor(plan).place(address, code);
    if (client == null && place.country() == null) {
      throw Refusal.malformed(
          "country", String.valueOf(country), "a code of ISO 3166, two letters");
    }
    return place;
  }

  private static IpAddress address(@Nullable String client) {
    IpAddress address = client == null ? null : IpAddress.parse(client);
    if (address == null) {
      throw Refusal.malformed("client", String.valueOf(client), "an IPv4 or IPv6 address");
    }
    return address;
  }

  RoutingAdvisor advisor(Plan plan) {
    RoutingAdvisor current = advisor;
    if (current == null || of != plan) {
      current = new RoutingAdvisor(plan, controls.locator(), controls.latencies());
      advisor = current;
      of = plan;
    }
    return current;
  }

  private static JsonObject view(Place place) {
    return new JsonObject()
        .put("country", place.country())
        .put("latitude", Words.rounded(place.latitude()))
        .put("longitude", Words.rounded(place.longitude()))
        .put("source", Words.of(place.source()));
  }

  private static JsonObject view(Choice choice, Standing standing, int share) {
    return new JsonObject()
        .put("region", choice.region().name())
        .put("place", choice.region().config().place())
        .put("standing", Words.of(standing))
        .put("share", standing == Standing.OUT ? 0 : share / 1024.0)
        .put("expectedMillis", Words.rounded(choice.expectedMillis()))
        .put("km", Words.rounded(choice.km()))
        .put("samples", choice.estimate().samples())
        .put("allowed", choice.verdict() == Verdict.ALLOWED)
        .put("reason", choice.reason());
  }
}
