package app.avalo.gateway.admin.api.pin;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.Words;
import app.avalo.gateway.admin.http.Answer;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.admin.http.Call;
import app.avalo.gateway.admin.http.Fields;
import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.keep.Order;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What operators order of many users at once, in one group or in all: drain or give up a region,
 * bring its users home, stop and turn that round, move a cell, freeze. Orders are in the map when
 * the answer comes; how far they are is told by {@link PinMapsApi}.
 */
public final class PinOrdersApi {
  private static final int LARGEST_BATCH = 5000;
  private static final int LONGEST = 512;

  private final Controls controls;

  public PinOrdersApi(Controls controls) {
    this.controls = controls;
  }

  public void register(Api api) {
    api.write(HttpMethod.POST, "/admin/pins/drain", Role.OPERATOR, "drain-pins", this::drain);
    api.write(HttpMethod.POST, "/admin/pins/give-up", Role.OPERATOR, "give-up-pins", this::giveUp);
    of(api, "stop", Order::stop);
    of(api, "resume", Order::resume);
    of(api, "abort", Order::abort);
    api.write(HttpMethod.POST, "/admin/pins/cell", Role.OPERATOR, "move-cell", this::cell);
    freezing(api, "freeze", true);
    freezing(api, "unfreeze", false);
  }

  /** An order for a region, by whom. */
  private interface Of {
    Order order(int region, String by);
  }

  private void of(Api api, String what, Of of) {
    api.write(
        HttpMethod.POST,
        "/admin/pins/" + what,
        Role.OPERATOR,
        what + "-pins",
        call -> {
          Wish wish = Wish.read(call, controls.plan());
          wish.body().end();
          return give(wish, of.order(index(wish.from()), wish.by()));
        });
  }

  private void freezing(Api api, String what, boolean on) {
    api.write(
        HttpMethod.POST,
        "/admin/pins/" + what,
        Role.OPERATOR,
        what + "-pins",
        call -> {
          Fields body = call.knows().body();
          String group = body.textOrNull("group", LONGEST);
          call.target(group == null ? "all groups" : group);
          String reason = call.because(body.text("reason", LONGEST));
          body.end();
          List<String> groups = PinGroups.meant(controls.plan(), group);
          return give(groups, Order.freeze(on, call.by() + ": " + reason));
        });
  }

  /**
   * What is wished of a region.
   *
   * @param groups in which
   * @param to where its users should go, or null for wherever is best
   * @param by who, and why
   * @param body for what else is in it
   */
  private record Wish(
      List<String> groups, Region from, @Nullable Region to, String by, Fields body) {
    static Wish read(Call call, Plan plan) {
      Fields body = call.knows().body();
      String group = body.textOrNull("group", LONGEST);
      String from = body.text("from", LONGEST);
      String to = body.textOrNull("to", LONGEST);
      call.target((group == null ? "all groups" : group) + " from " + from);
      String reason = call.because(body.text("reason", LONGEST));
      List<String> groups = PinGroups.meant(plan, group);
      Region target = to == null ? null : Words.region(plan, to);
      Region source = Words.region(plan, from);
      if (target == source) {
        throw Refusal.malformed("to", target.name(), "another region than from");
      }
      if (target != null) {
        PinGroups.checkServed(plan, group, target);
      }
      return new Wish(groups, source, target, call.by() + ": " + reason, body);
    }

    int target() {
      return to == null ? -1 : index(to);
    }
  }

  private Future<Answer> drain(Call call) {
    Wish wish = Wish.read(call, controls.plan());
    int batch = wish.body().integer("batch", Order.BATCH, 1, LARGEST_BATCH);
    wish.body().end();
    return give(wish, Order.drain(index(wish.from()), wish.target(), batch, wish.by()));
  }

  private Future<Answer> giveUp(Call call) {
    Wish wish = Wish.read(call, controls.plan());
    wish.body().end();
    return give(wish, Order.giveUp(index(wish.from()), wish.target(), wish.by()));
  }

  private Future<Answer> cell(Call call) {
    Plan plan = controls.plan();
    Fields body = call.knows().body();
    String group = body.text("group", LONGEST);
    String home = body.text("home", LONGEST);
    int cell = body.integer("cell", -1, 0, CellKey.CELLS - 1);
    String to = body.text("region", LONGEST);
    call.target(group + " " + home + ":" + cell + " to " + to);
    String reason = call.because(body.text("reason", LONGEST));
    body.end();
    PinGroups.check(plan, group);
    Region region = Words.region(plan, to);
    PinGroups.checkServed(plan, group, region);
    CellKey key = CellKey.cell(index(Words.region(plan, home)), cell);
    return give(List.of(group), Order.move(key, index(region), call.by() + ": " + reason));
  }

  private Future<Answer> give(Wish wish, Order order) {
    return give(wish.groups(), order);
  }

  private Future<Answer> give(List<String> groups, Order order) {
    List<Future<Order.Result>> told = new ArrayList<>();
    groups.forEach(group -> told.add(controls.keepers().order(group, order)));
    return Future.all(told)
        .map(
            all -> {
              JsonArray changed = new JsonArray();
              for (int i = 0; i < groups.size(); i++) {
                Order.Result result = all.resultAt(i);
                if (written(result)) {
                  changed.add(groups.get(i));
                }
              }
              if (changed.isEmpty()) {
                throw Refusal.conflict("The maps do not allow it now, or it is so already.");
              }
              return new Answer(202, new JsonObject().put("ordered", changed));
            });
  }

  /** Whether an order changed the map; refuses where nobody can tell. */
  static boolean written(Order.Result result) {
    if (result == Order.Result.UNKNOWN) {
      throw Refusal.unavailable("The store of the map does not answer; it may have been written.");
    }
    return result == Order.Result.DONE;
  }

  private static int index(Region region) {
    return region.config().index();
  }
}
