package app.avalo.gateway.run;

import app.avalo.gateway.admin.api.LoopView;
import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.deadline.DeadlineWheel;
import app.avalo.gateway.edge.EdgeLoop;
import app.avalo.gateway.edge.EdgeServer;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.forward.Forwarder;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.upstream.UpstreamPool;
import app.avalo.gateway.upstream.UpstreamTrust;
import app.avalo.gateway.websocket.WebSockets;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Everything of one event loop that serves clients. */
public final class LoopVerticle extends VerticleBase implements LoopView {
  private final Supplier<Plan> plan;
  private final Shared shared;
  private final UpstreamTrust trust;
  private final int loops; // of this process, this one included
  private final List<EdgeServer> servers = new ArrayList<>();
  private @Nullable EdgeLoop edge;
  private @Nullable WebSockets webSockets;
  private @Nullable UpstreamPool pool;
  private @Nullable RedisLink redis;
  private List<Filter> filters = List.of(); // start()

  LoopVerticle(Supplier<Plan> plan, Shared shared, UpstreamTrust trust, int loops) {
    this.plan = plan;
    this.shared = shared;
    this.trust = trust;
    this.loops = loops;
  }

  @Override
  public Future<?> start() {
    Ticker ticker = Ticker.SYSTEM;
    Timers timers = Timers.of(vertx);
    DeadlineWheel deadlines = new DeadlineWheel(ticker, timers);
    StateConfig.Redis config = plan.get().config().state().redis();
    redis = config == null ? null : RedisLink.connect(vertx, config, ticker);
    webSockets = new WebSockets(shared.ceilings(), ticker, timers, deadlines, loops);
    UpstreamPool pool = new UpstreamPool(vertx, ticker, trust);
    this.pool = pool;
    filters = LoopFilters.of(shared, redis, executor(), this::better);
    WebSockets open = webSockets;
    EdgeLoop edge =
        new EdgeLoop(
            plan,
            ticker,
            timers,
            deadlines,
            shared.openConnections(),
            filters,
            responder -> new Forwarder(shared.health(), pool, deadlines, responder, open, loops));
    this.edge = edge;
    shared.keepers().join(executor(), () -> edge.forwarder().follow());
    return connected().compose(tried -> listen(edge));
  }

  private Region better(Exchange exchange, Service service, Region one, Region other) {
    return Objects.requireNonNull(edge).forwarder().better(exchange, service, one, other);
  }

  /** Does not wait for a Redis that the control loop has just failed to reach. */
  private Future<Void> connected() {
    boolean there = redis != null && Objects.requireNonNull(shared.control().redis()).isUp();
    return there ? redis.tried() : Future.succeededFuture();
  }

  private Future<?> listen(EdgeLoop edge) {
    List<Future<?>> listening = new ArrayList<>();
    for (ListenerConfig listener : plan.get().config().listeners()) {
      EdgeServer server = new EdgeServer(vertx, listener, edge, loops == 1);
      servers.add(server);
      listening.add(server.listen());
    }
    return Future.all(listening);
  }

  @Override
  public Future<?> stop() {
    return Future.join(filters.stream().map(Filter::close).toList()).onComplete(closed -> hangUp());
  }

  private void hangUp() {
    if (redis != null) {
      redis.close();
    }
  }

  /** Its listeners, in the order of the configuration. */
  public List<EdgeServer> servers() {
    return List.copyOf(servers);
  }

  /** Exchanges in flight on this loop. */
  @Override
  public int inFlight() {
    return edge == null ? 0 : edge.inFlight();
  }

  /** Pinned exchanges of this loop that wait for their region. */
  int waiting() {
    return edge == null ? 0 : edge.forwarder().waiting().count();
  }

  /** Cuts every connection of this loop to a lost region. */
  void cut(String region) {
    context.runOnContext(now -> Objects.requireNonNull(edge).forwarder().cut(region));
  }

  /** Cuts every connection of this loop to a lost endpoint. */
  void cut(EndpointHealth endpoint) {
    context.runOnContext(now -> Objects.requireNonNull(edge).forwarder().cut(endpoint));
  }

  /** Tells the WebSockets of this loop whose callers leave a region to follow them. */
  void move(Health.Departure departure) {
    context.runOnContext(now -> Objects.requireNonNull(edge).forwarder().move(departure));
  }

  void drain() {
    if (edge != null) {
      edge.drain();
    }
  }

  void closeListeners() {
    context.runOnContext(
        now -> {
          servers.forEach(EdgeServer::close);
          Objects.requireNonNull(webSockets).drain();
        });
  }

  Future<Exchange> explain(Exchange.Head head) {
    Promise<Exchange> explained = Promise.promise();
    context.runOnContext(
        now -> {
          try {
            Objects.requireNonNull(edge)
                .explain(Exchange.explained(plan.get(), head, Ticker.SYSTEM.nanos()))
                .onComplete(explained);
          } catch (RuntimeException defect) {
            explained.tryFail(defect);
          }
        });
    return explained.future();
  }

  /** Runs tasks on this loop. */
  @Override
  public Executor executor() {
    return task -> context.runOnContext(now -> task.run());
  }

  /** This loop's pools, as they are now. */
  @Override
  public Future<List<UpstreamPool.Figures>> pools() {
    Promise<List<UpstreamPool.Figures>> figures = Promise.promise();
    executor().execute(() -> figures.complete(Objects.requireNonNull(pool).figures()));
    return figures.future();
  }

  /** State of this loop's road to Redis, or null without Redis. */
  @Override
  public RedisLink.@Nullable Stats redis() {
    return redis == null ? null : redis.stats();
  }
}
