package app.avalo.gateway.admin.api.pin;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.On;
import app.avalo.gateway.admin.api.Words;
import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Fields;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.pin.PinAdmin;
import app.avalo.gateway.filter.pin.PinIdentity;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.keep.Order;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Pins: whose they are, how many, and moving one user. */
public final class PinsApi {
  private static final int LONGEST_NAME = 512;

  private final Controls controls;

  public PinsApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/pins", this::find);
    api.read(HttpMethod.GET, "/admin/pins/counts", this::counts);
    api.write(HttpMethod.POST, "/admin/pins/move", Role.OPERATOR, "move-pin", this::move);
  }

  /** One of four ways to name somebody; which one is part of the answer. */
  private record Somebody(String label, PinIdentity identity) {
    static Somebody of(Function<String, @Nullable String> fields) {
      String user = fields.apply("user");
      String apiKey = fields.apply("apiKey");
      String session = fields.apply("session");
      String header = fields.apply("header");
      long given = Stream.of(user, apiKey, session, header).filter(Objects::nonNull).count();
      if (given != 1) {
        throw Refusal.malformed(
            "user", given + " of four", "exactly one of user, apiKey, session, header");
      }
      if (user != null) {
        return new Somebody("user " + user, PinIdentity.user(user));
      }
      if (apiKey != null) {
        return new Somebody("apiKey " + apiKey, PinIdentity.apiKey(apiKey));
      }
      if (header != null) {
        int colon = header.indexOf(':');
        if (colon < 1) {
          throw Refusal.malformed("header", header, "its name, a colon and its value");
        }
        return new Somebody(
            "header " + header,
            PinIdentity.header(header.substring(0, colon), header.substring(colon + 1)));
      }
      PinIdentity found = PinIdentity.session(String.valueOf(session));
      if (found == null) {
        throw Refusal.malformed("session", String.valueOf(session), "32 hexadecimal digits");
      }
      return new Somebody("session " + session, found);
    }
  }

  private Future<Answer> find(Call call) {
    call.knows("user", "apiKey", "session", "header");
    Somebody somebody = Somebody.of(call::query);
    Plan plan = controls.plan();
    return On.loop(controls.controlLoop(), () -> controls.pins().find(somebody.identity(), plan))
        .map(
            views -> {
              JsonArray pins = new JsonArray();
              views.forEach(where -> pins.add(view(plan, where)));
              return new Answer(
                  200, new JsonObject().put("of", somebody.label()).put("pins", pins));
            });
  }

  private static JsonObject view(Plan plan, PinAdmin.Whereabouts where) {
    Owner owner = where.owner();
    return new JsonObject()
        .put("group", where.group())
        .put("region", PinAdmin.regionName(plan, owner.region()))
        .put("home", PinAdmin.regionName(plan, where.home().region()))
        .put("epoch", owner.epoch())
        .put("cell", where.key().cell())
        .put("apart", where.key().apart())
        .put("movingTo", owner.moving() ? PinAdmin.regionName(plan, owner.to()) : null)
        .put("homeSince", Words.time(where.home().sinceMillis()));
  }

  private Future<Answer> counts(Call call) {
    call.knows();
    Plan plan = controls.plan();
    return On.loop(controls.controlLoop(), () -> controls.pins().counts(plan))
        .map(counts -> new Answer(200, new JsonObject().put("groups", view(counts))));
  }

  private static JsonObject view(Map<String, Map<String, Long>> counts) {
    JsonObject groups = new JsonObject();
    counts.forEach(
        (group, regions) -> {
          JsonObject users = new JsonObject();
          regions.forEach(users::put);
          groups.put(group, users);
        });
    return groups;
  }

  private Future<Answer> move(Call call) {
    Fields body = call.knows().body();
    Somebody somebody = Somebody.of(name -> body.textOrNull(name, LONGEST_NAME));
    String group = body.text("group", LONGEST_NAME);
    String to = body.text("region", LONGEST_NAME);
    call.target(somebody.label() + " " + group + " to " + to);
    String reason = call.because(body.text("reason", 512));
    body.end();
    Plan plan = controls.plan();
    PinGroups.check(plan, group);
    Region region = Words.region(plan, to);
    PinGroups.checkServed(plan, group, region);
    return On.loop(controls.controlLoop(), () -> controls.pins().find(somebody.identity(), group))
        .compose(
            where -> {
              if (where == null) {
                throw Refusal.notFound(
                    somebody.label() + " has no pin in the group " + group + ".");
              }
              return move(plan, somebody, where, region, call.by() + ": " + reason);
            });
  }

  private Future<Answer> move(
      Plan plan, Somebody somebody, PinAdmin.Whereabouts where, Region to, String by) {
    int index = to.config().index();
    CellKey user = somebody.identity().cell(where.home().region());
    return controls
        .keepers()
        .order(where.group(), Order.move(user, index, by))
        .map(
            result -> {
              boolean moved = PinOrdersApi.written(result);
              if (!moved && where.owner().region() != index) {
                throw Refusal.conflict(
                    somebody.label() + " is about to move, or " + to.name() + " takes nobody.");
              }
              return new Answer(
                  200,
                  new JsonObject()
                      .put("of", somebody.label())
                      .put("group", where.group())
                      .put("moved", moved)
                      .put("from", PinAdmin.regionName(plan, where.owner().region()))
                      .put("to", to.name()));
            });
  }
}
