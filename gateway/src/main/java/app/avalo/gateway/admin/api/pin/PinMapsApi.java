package app.avalo.gateway.admin.api.pin;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.Words;
import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.pin.PinAdmin;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.cell.RegionPhase;
import app.avalo.gateway.filter.pin.keep.View;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The maps of cells as this gateway has them: regions and what is under way, cells, and why. */
public final class PinMapsApi {
  private static final int NOTES = 200;

  private final Controls controls;

  public PinMapsApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, "/admin/pins/groups", this::groups);
    api.read(HttpMethod.GET, "/admin/pins/cells", this::cells);
    api.read(HttpMethod.GET, "/admin/pins/history", this::history);
  }

  private Future<Answer> groups(Call call) {
    call.knows();
    Plan plan = controls.plan();
    JsonArray groups = new JsonArray();
    for (String group : PinAdmin.groups(plan)) {
      groups.add(view(plan, group, controls.keepers().of(group).view()));
    }
    return Future.succeededFuture(new Answer(200, new JsonObject().put("groups", groups)));
  }

  private static JsonObject view(Plan plan, String group, View view) {
    PinMap map = view.map();
    Map<Integer, Integer> cells = new HashMap<>();
    Map<Integer, Integer> moving = new HashMap<>();
    List<Integer> homes = plan.regions().stream().map(region -> region.config().index()).toList();
    map.each(
        homes,
        (key, owner) -> {
          cells.merge(owner.region(), key.apart() ? 0 : 1, Integer::sum);
          moving.merge(owner.region(), owner.moving() ? 1 : 0, Integer::sum);
        });
    JsonArray regions = new JsonArray();
    for (Region region : plan.regions()) {
      int index = region.config().index();
      regions.add(
          view(plan, map.region(index))
              .put("region", region.name())
              .put("cells", cells.getOrDefault(index, 0))
              .put("moving", moving.getOrDefault(index, 0)));
    }
    long leaseNanos = view.leaseNanos(Ticker.SYSTEM.nanos());
    return new JsonObject()
        .put("group", group)
        .put("version", map.version())
        .put("frozen", map.frozen())
        .put("leaseMillis", TimeUnit.NANOSECONDS.toMillis(leaseNanos))
        .put("usersApart", map.apart())
        .put("regions", regions);
  }

  private static JsonObject view(Plan plan, RegionPhase phase) {
    RegionPhase.Course course = phase.course();
    return new JsonObject()
        .put("phase", Words.of(phase.phase()))
        .put("since", Words.time(phase.sinceMillis()))
        .put("evictions", phase.evictions())
        .put("batch", course.batch())
        .put("largestBatch", course.most())
        .put("to", course.to() < 0 ? null : PinAdmin.regionName(plan, course.to()))
        .put("by", course.by().isEmpty() ? null : course.by());
  }

  private Future<Answer> cells(Call call) {
    call.knows("group", "home");
    Plan plan = controls.plan();
    String group = required(call, "group");
    PinGroups.check(plan, group);
    int home = Words.region(plan, required(call, "home")).config().index();
    PinMap map = controls.keepers().of(group).view().map();
    JsonArray cells = new JsonArray();
    for (int cell = 0; cell < CellKey.CELLS; cell++) {
      Owner owner = map.cell(home, cell);
      cells.add(
          new JsonObject()
              .put("cell", cell)
              .put("region", PinAdmin.regionName(plan, owner.region()))
              .put("epoch", owner.epoch())
              .put("movingTo", owner.moving() ? PinAdmin.regionName(plan, owner.to()) : null));
    }
    return Future.succeededFuture(
        new Answer(200, new JsonObject().put("group", group).put("cells", cells)));
  }

  private Future<Answer> history(Call call) {
    call.knows("group");
    String group = required(call, "group");
    PinGroups.check(controls.plan(), group);
    return controls.keepers().history(group, NOTES).map(notes -> view(group, notes));
  }

  private static Answer view(String group, @Nullable List<String> notes) {
    if (notes == null) {
      throw Refusal.unavailable("The store of the map does not answer.");
    }
    return new Answer(
        200,
        new JsonObject().put("group", group).put("newestFirst", new JsonArray(List.copyOf(notes))));
  }

  private static String required(Call call, String name) {
    String value = call.query(name);
    if (value == null) {
      throw Refusal.malformed(name, "missing", "a name");
    }
    return value;
  }
}
