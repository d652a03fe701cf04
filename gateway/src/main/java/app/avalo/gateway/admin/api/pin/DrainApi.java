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
import app.avalo.gateway.filter.pin.PinDrain;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.Standing;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Moving all pins of a region elsewhere: one drain at a time, watched and stopped here. */
public final class DrainApi {
  private static final String PATH = "/admin/pins/drain";
  private static final int BATCH = 500;
  private static final int LARGEST_BATCH = 5000;
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  private final Controls controls;
  private final Ticker ticker;
  private @Nullable Running last; // the admin port's loop

  /**
   * The drain that runs, or ran last.
   *
   * @param group name, or null for all groups
   */
  private record Running(
      PinDrain drain, @Nullable String group, String from, String to, String by, long since) {}

  public DrainApi(Controls controls, Ticker ticker) {
    this.controls = controls;
    this.ticker = ticker;
  }

  public void register(Api api) {
    api.read(HttpMethod.GET, PATH, this::progress);
    api.write(HttpMethod.POST, PATH, Role.OPERATOR, "drain-pins", this::start);
    api.write(HttpMethod.DELETE, PATH, Role.OPERATOR, "stop-drain", this::stop);
  }

  private Future<Answer> start(Call call) {
    Plan plan = controls.plan();
    Fields body = call.knows().body();
    String group = body.textOrNull("group", 512);
    String fromName = body.text("from", 512);
    String toName = body.textOrNull("to", 512);
    int batch = body.integer("batch", BATCH, 1, LARGEST_BATCH);
    Duration wanted = body.durationOrNull("pause", Duration.ZERO, LONGEST_PAUSE);
    call.target((group == null ? "all groups" : group) + " from " + fromName);
    call.because(body.text("reason", 512));
    body.end();
    if (group != null) {
      PinGroups.check(plan, group);
    }
    Region from = Words.region(plan, fromName);
    Region to = toName == null ? nearest(plan, group, from) : Words.region(plan, toName);
    if (to.name().equals(from.name())) {
      throw Refusal.malformed("to", to.name(), "another region than from");
    }
    PinGroups.checkServed(plan, group, to);
    if (last != null && !last.drain().done().isComplete()) {
      throw Refusal.conflict("A drain of " + last.from() + " is running; stop it first.");
    }
    call.target((group == null ? "all groups" : group) + " from " + fromName + " to " + to.name());
    Duration pause = wanted == null ? PAUSE : wanted;
    Running[] begun = new Running[1];
    return On.loop(
            controls.controlLoop(),
            () -> {
              PinDrain drain =
                  controls.pins().drain(group, from, to, batch, pause, plan.config().pins().ttl());
              begun[0] =
                  new Running(
                      drain, group, from.name(), to.name(), call.by(), ticker.epochMillis());
              return Future.succeededFuture(drain.progress());
            })
        .map(progress -> new Answer(202, view(begun[0], progress)))
        .onSuccess(done -> last = begun[0]);
  }

  /** The nearest other region that is in service and has every service of the group. */
  private Region nearest(Plan plan, @Nullable String group, Region from) {
    Region best = null;
    double fewest = Double.MAX_VALUE;
    for (Region region : plan.regions()) {
      boolean fit =
          region != from
              && controls.health().standing(region) == Standing.IN_SERVICE
              && PinGroups.absent(plan, group, region) == null;
      double distance = fit ? distance(from, region) : Double.MAX_VALUE;
      if (distance < fewest) {
        fewest = distance;
        best = region;
      }
    }
    if (best == null) {
      throw Refusal.conflict("No other region is in service with all services of the group.");
    }
    return best;
  }

  /** Grows with the distance along the great circle: the haversine of the angle. */
  private static double distance(Region a, Region b) {
    double north = Math.toRadians(b.config().latitude() - a.config().latitude());
    double east = Math.toRadians(b.config().longitude() - a.config().longitude());
    double cosines =
        Math.cos(Math.toRadians(a.config().latitude()))
            * Math.cos(Math.toRadians(b.config().latitude()));
    double sinNorth = Math.sin(north / 2);
    double sinEast = Math.sin(east / 2);
    return sinNorth * sinNorth + cosines * sinEast * sinEast;
  }

  private Running running() {
    if (last == null) {
      throw Refusal.notFound("No drain was started since this gateway began.");
    }
    return last;
  }

  private Future<Answer> progress(Call call) {
    call.knows();
    Running running = running();
    return On.loop(controls.controlLoop(), () -> Future.succeededFuture(running.drain().progress()))
        .map(progress -> new Answer(200, view(running, progress)));
  }

  private Future<Answer> stop(Call call) {
    String reason = call.knows("reason").query("reason");
    call.because(reason == null ? "" : reason);
    Running running = running();
    call.target("drain of " + running.from());
    return On.loop(
            controls.controlLoop(),
            () -> {
              running.drain().stop();
              return Future.succeededFuture(running.drain().progress());
            })
        .map(progress -> new Answer(200, view(running, progress)));
  }

  private static JsonObject view(Running running, PinDrain.Progress progress) {
    return new JsonObject()
        .put("group", running.group())
        .put("from", running.from())
        .put("to", running.to())
        .put("by", running.by())
        .put("since", Words.time(running.since()))
        .put("moved", progress.moved())
        .put("overtaken", progress.overtaken())
        .put("failed", progress.failed())
        .put("over", progress.over());
  }
}
