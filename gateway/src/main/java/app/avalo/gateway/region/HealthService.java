package app.avalo.gateway.region;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.probe.HttpProber;
import app.avalo.gateway.region.probe.Prober;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs a {@link HealthMonitor} on an event loop of its own, with checks over HTTP. */
public final class HealthService extends VerticleBase {
  private final Plan plan;
  private final BiFunction<Vertx, Timers, Prober> probers;
  private final Promise<HealthMonitor> started = Promise.promise();
  private @Nullable HealthMonitor monitor; // control loop
  private @Nullable ForcedFile file; // control loop

  private HealthService(Plan plan, BiFunction<Vertx, Timers, Prober> probers) {
    this.plan = plan;
    this.probers = probers;
  }

  /** Deploys the monitor of this plan; undeployed with the Vert.x instance. */
  public static Future<HealthMonitor> deploy(Vertx vertx, Plan plan, UpstreamTrust trust) {
    return deploy(vertx, new HealthService(plan, (on, timers) -> HttpProber.of(on, timers, trust)));
  }

  /** Deploys a monitor that connects nowhere and takes every endpoint for well. */
  public static Future<HealthMonitor> deployAssuming(Vertx vertx, Plan plan) {
    Prober.Result well = new Prober.Result(Prober.Outcome.OK, "assumed");
    return deploy(
        vertx, new HealthService(plan, (of, timers) -> (target, done) -> done.accept(well)));
  }

  private static Future<HealthMonitor> deploy(Vertx vertx, HealthService service) {
    return vertx.deployVerticle(service).compose(id -> service.started.future());
  }

  @Override
  public Future<?> start() {
    Path directory = plan.config().state().directory();
    if (directory == null) {
      return begin(Map.of(), orders -> {});
    }
    ForcedFile kept = new ForcedFile(vertx, directory.resolve("forced.json"));
    file = kept;
    return kept.load().compose(orders -> begin(orders, kept::save));
  }

  private Future<Void> begin(Map<String, Forced> orders, Consumer<Map<String, Forced>> keep) {
    Context control = context;
    Timers timers = Timers.of(vertx);
    HealthMonitor made =
        new HealthMonitor(
            new HealthMonitor.ControlLoop(
                task -> control.runOnContext(now -> task.run()),
                Ticker.SYSTEM,
                timers,
                new SplittableRandom()),
            probers.apply(vertx, timers),
            orders,
            keep);
    monitor = made;
    return made.reconfigure(plan).onSuccess(done -> started.complete(made));
  }

  @Override
  public Future<?> stop() {
    Future<Void> closed = monitor == null ? Future.succeededFuture() : monitor.close();
    ForcedFile kept = file;
    return kept == null ? closed : closed.compose(done -> kept.settled());
  }
}
