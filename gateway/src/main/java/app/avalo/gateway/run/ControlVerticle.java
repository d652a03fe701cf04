package app.avalo.gateway.run;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The event loop of everything that is not on the way of a request, with its own road to Redis. */
public final class ControlVerticle extends VerticleBase {
  private final StateConfig state;
  private @Nullable RedisLink redis; // set once, before anybody else sees it

  ControlVerticle(StateConfig state) {
    this.state = state;
  }

  @Override
  public Future<?> start() {
    if (state.redis() == null) {
      return Future.succeededFuture();
    }
    redis = RedisLink.connect(vertx, state.redis(), Ticker.SYSTEM);
    return redis.tried();
  }

  @Override
  public Future<?> stop() {
    if (redis != null) {
      redis.close();
    }
    return Future.succeededFuture();
  }

  Vertx vertx() {
    return vertx;
  }

  Timers timers() {
    return Timers.of(vertx);
  }

  /** Runs tasks on this loop. */
  public Executor executor() {
    return task -> context.runOnContext(now -> task.run());
  }

  /** Runs tasks that may block, one after the other. */
  Executor disk() {
    return task ->
        context.executeBlocking(
            () -> {
              task.run();
              return null;
            });
  }

  @Nullable RedisLink redis() {
    return redis;
  }
}
