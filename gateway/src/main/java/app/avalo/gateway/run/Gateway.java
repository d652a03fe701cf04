package app.avalo.gateway.run;

import app.avalo.gateway.admin.AdminServer;
import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.edge.EdgeServer;
import app.avalo.gateway.edge.tls.TlsOptions;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.HealthMonitor;
import app.avalo.gateway.region.HealthService;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.reload.CertificateWatch;
import app.avalo.gateway.reload.ConfigSource;
import app.avalo.gateway.reload.CurrentPlan;
import app.avalo.gateway.reload.ReloadStatus;
import app.avalo.gateway.reload.Reloader;
import app.avalo.gateway.reload.TrustWatch;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.impl.transports.EpollTransport;
import io.vertx.core.impl.transports.IoUringTransport;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.spi.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running gateway. Started once, reloaded any number of times, stopped once. Safe from every
 * thread.
 */
public final class Gateway {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

  /** How often a stopping gateway looks whether its requests are done. */
  private static final Duration LOOK = Duration.ofMillis(20);

  private final Vertx vertx;
  private final Timers timers;
  private final CurrentPlan plan;
  private final HealthMonitor health;
  private final Shared shared;
  private final TrustWatch trust;
  private final Reloader reloader;
  private final List<LoopVerticle> loops = new ArrayList<>();
  private final AtomicInteger turns = new AtomicInteger();
  private volatile @Nullable AdminServer admin; // listen()
  private volatile boolean stopping;
  private @Nullable Future<Void> stopped; // whoever asks first

  private Gateway(
      Vertx vertx,
      ConfigSource source,
      Loaded.Valid initial,
      CurrentPlan plan,
      Shared shared,
      TrustWatch trust) {
    this.vertx = vertx;
    this.timers = Timers.of(vertx);
    this.plan = plan;
    this.shared = shared;
    this.trust = trust;
    this.health = shared.health();
    this.reloader = new Reloader(vertx, Ticker.SYSTEM, source, initial, plan, this::prepare);
  }

  /**
   * Starts a gateway: health first, then shared state, then the listeners of every loop.
   *
   * @param source for later reloads
   * @param initial what it says now
   * @param loops event loops that serve clients
   */
  public static Future<Gateway> start(
      Vertx vertx, ConfigSource source, Loaded.Valid initial, int loops) {
    return start(vertx, source, initial, loops, Observed.of(initial.config().accessLog().to()));
  }

  /** Starts a gateway whose Vert.x instance reports to the same monitoring. */
  public static Future<Gateway> start(
      Vertx vertx, ConfigSource source, Loaded.Valid initial, int loops, Observed observed) {
    return assemble(
            vertx,
            source,
            initial,
            observed,
            (plan, trust) -> HealthService.deploy(vertx, plan, trust))
        .compose(
            gateway -> {
              gateway.shared.prepare(gateway.plan());
              return gateway.serve(loops).compose(serving -> gateway.listen(loops));
            });
  }

  /**
   * Starts the parts that decide, for {@link #explain} alone: nothing listens, no region is checked
   * and all are taken for well, nothing is read from or kept in a state directory or Redis, and an
   * issuer is asked for its keys only when a token of it is to be judged.
   */
  public static Future<Gateway> startDeciding(Vertx vertx, Loaded.Valid initial) {
    Loaded.Valid quiet =
        new Loaded.Valid(Quiet.of(initial.config()), initial.fingerprint(), initial.files());
    Observed unseen = Observed.of(quiet.config().accessLog().to());
    return assemble(
            vertx,
            () -> quiet,
            quiet,
            unseen,
            (plan, trust) -> HealthService.deployAssuming(vertx, plan))
        .compose(gateway -> gateway.serve(1).map(gateway));
  }

  private static Future<Gateway> assemble(
      Vertx vertx,
      ConfigSource source,
      Loaded.Valid initial,
      Observed observed,
      BiFunction<Plan, UpstreamTrust, Future<HealthMonitor>> monitoring) {
    CurrentPlan plan = new CurrentPlan(Plan.compile(initial.config()));
    StateConfig state = initial.config().state();
    ControlVerticle control = new ControlVerticle(state);
    TrustWatch trust = new TrustWatch(vertx);
    return Future.join(vertx.deployVerticle(control), trust.look(plan.get()))
        .compose(
            ready ->
                Future.join(monitoring.apply(plan.get(), trust.trust()), Stores.open(vertx, state)))
        .compose(
            opened -> {
              HealthMonitor health = opened.resultAt(0);
              Stores stores = opened.resultAt(1);
              return new Shared(control, plan, health, stores, observed, trust.trust())
                  .open(plan.get());
            })
        .map(shared -> new Gateway(vertx, source, initial, plan, shared, trust));
  }

  private Future<?> serve(int count) {
    Future<?> all = Future.succeededFuture();
    for (int i = 0; i < count; i++) {
      LoopVerticle loop = new LoopVerticle(plan, shared, trust.trust(), count);
      loops.add(loop);
      all = all.compose(before -> vertx.deployVerticle(loop));
    }
    return all;
  }

  private Future<Gateway> listen(int count) {
    AdminServer operators = new AdminServer(new Operated(this), Ticker.SYSTEM);
    return vertx
        .deployVerticle(operators)
        .map(
            started -> {
              admin = operators;
              health.onChange(new Cutter());
              shared.onLost(region -> loops.forEach(loop -> loop.cut(region)));
              shared.observed().connect(this, shared, plan);
              reloader.watch();
              CertificateWatch.start(vertx, loops.get(0).servers());
              trust.start(plan);
              LOG.atInfo()
                  .addKeyValue("loops", count)
                  .addKeyValue("transport", transport(vertx))
                  .addKeyValue("tls", TlsOptions.engine())
                  .addKeyValue("fingerprint", reloader.status().fingerprint())
                  .log("gateway started");
              return this;
            });
  }

  private static String transport(Vertx vertx) {
    Transport transport = ((VertxInternal) vertx).transport();
    if (transport instanceof EpollTransport) {
      return "epoll";
    }
    return transport instanceof IoUringTransport ? "io_uring" : "nio";
  }

  /** Cuts the connections to what is lost, so that nobody waits on them. */
  private final class Cutter implements Health.ChangeListener {
    @Override
    public void changed(String region, Standing from, Standing to, String reason) {
      if (to == Standing.OUT) {
        loops.forEach(loop -> loop.cut(region));
      } else if (to == Standing.DRAINING) {
        left(Health.Departure.ofAll(region));
      }
    }

    @Override
    public void endpointChanged(
        EndpointHealth endpoint, Standing from, Standing to, String reason) {
      if (to == Standing.OUT) {
        loops.forEach(loop -> loop.cut(endpoint));
      }
    }

    @Override
    public void left(Health.Departure departure) {
      loops.forEach(loop -> loop.move(departure));
    }
  }

  /** Makes ready what a new plan needs before any request can see it. */
  private Future<Void> prepare(Plan next) {
    return trust
        .look(next)
        .compose(read -> health.reconfigure(next))
        .compose(done -> shared.prepare(next));
  }

  /** Port of a listener, for configurations that let the system choose. */
  public int port(String listener) {
    for (EdgeServer server : loops.get(0).servers()) {
      if (server.listener().name().equals(listener)) {
        return server.port();
      }
    }
    throw new IllegalArgumentException(listener + " (expected the name of a listener)");
  }

  /** Port of the operators. */
  public int adminPort() {
    return Objects.requireNonNull(admin).port();
  }

  /** Loads the configuration again. */
  public Future<ReloadStatus> reload(String cause) {
    return reloader.reload(cause);
  }

  public ReloadStatus lastReload() {
    return reloader.status();
  }

  public Plan plan() {
    return plan.get();
  }

  public HealthMonitor health() {
    return health;
  }

  public Shared shared() {
    return shared;
  }

  /** Whether new work should be sent here. */
  public boolean isReady() {
    return !stopping && health.probedOnce() && shared.keepers().areReady();
  }

  /** Whether it is on its way out. */
  public boolean stopping() {
    return stopping;
  }

  /** Requests and WebSockets that are not over. */
  public int inFlight() {
    int sum = 0;
    for (LoopVerticle loop : loops) {
      sum += loop.inFlight();
    }
    return sum;
  }

  /** Pinned requests that wait for their region. */
  int waiting() {
    int sum = 0;
    for (LoopVerticle loop : loops) {
      sum += loop.waiting();
    }
    return sum;
  }

  public List<LoopVerticle> loops() {
    return List.copyOf(loops);
  }

  /** Says what would happen to a request, on one of the loops, without doing it. */
  public Future<Exchange> explain(Exchange.Head head) {
    LoopVerticle loop = loops.get(Math.floorMod(turns.getAndIncrement(), loops.size()));
    return loop.explain(head);
  }

  /**
   * Stops in order: readiness off and every answer says close; then no new connections, WebSockets
   * closed; then waits for what is in flight, at most the grace time of the plan in all. Asked
   * again, it gives the same answer.
   *
   * @param notice how long balancers get to notice before the listeners close
   */
  public synchronized Future<Void> stop(Duration notice) {
    if (stopped == null) {
      stopping = true;
      stopped = shutDown(notice);
    }
    return stopped;
  }

  private Future<Void> shutDown(Duration notice) {
    Duration grace = plan.get().config().shutdownGrace();
    long deadline = Ticker.SYSTEM.nanos() + grace.toNanos();
    LOG.atInfo().addKeyValue("grace", grace).addKeyValue("inFlight", inFlight()).log("stopping");
    reloader.stop();
    loops.forEach(LoopVerticle::drain);
    Promise<Void> noticed = Promise.promise();
    timers.after(notice.compareTo(grace) < 0 ? notice : grace, noticed::complete);
    return noticed
        .future()
        .compose(
            done -> {
              loops.forEach(LoopVerticle::closeListeners);
              return idle(deadline);
            })
        .compose(
            left -> {
              LOG.atInfo().addKeyValue("unfinished", left).log("stopped");
              return shared.close();
            })
        .eventually(vertx::close);
  }

  private Future<Integer> idle(long deadline) {
    int left = inFlight();
    if (left == 0 || Ticker.SYSTEM.nanos() - deadline >= 0) {
      return Future.succeededFuture(left);
    }
    Promise<Integer> later = Promise.promise();
    timers.after(LOOK, () -> idle(deadline).onComplete(later));
    return later.future();
  }
}
