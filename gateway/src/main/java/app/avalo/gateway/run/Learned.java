package app.avalo.gateway.run;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.latency.LatencyFile;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.LatencyShare;
import app.avalo.gateway.filter.redis.RedisLink;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what is learned of round trips: in the state directory, and in Redis for the other
 * replicas, once a minute. Works on workers and the control loop; delays nobody.
 */
final class Learned {
  private static final Duration PERIOD = Duration.ofMinutes(1);

  private final ControlVerticle control;
  private final @Nullable LatencyFile file;
  private final @Nullable LatencyShare share;
  private volatile boolean closed; // close()

  Learned(ControlVerticle control, LatencyModel model, StateConfig state) {
    this.control = control;
    Path directory = state.directory();
    RedisLink redis = control.redis();
    this.file = directory == null ? null : new LatencyFile(model, directory);
    this.share = redis == null ? null : new LatencyShare(model, redis, Shared.prefix(state));
  }

  /** Reads what was kept, and keeps from then on. */
  Future<Void> open() {
    LatencyFile kept = file;
    return (kept == null ? Future.<Void>succeededFuture() : onWorker(kept::read))
        .onComplete(read -> control.executor().execute(this::exchange));
  }

  private Future<Void> onWorker(Runnable task) {
    return control
        .vertx()
        .executeBlocking(
            () -> {
              task.run();
              return null;
            });
  }

  private void exchange() {
    if (closed) {
      return;
    }
    if (share != null) {
      share.exchange();
    }
    control.timers().after(PERIOD, this::keep);
  }

  private void keep() {
    LatencyFile kept = file;
    if (kept != null && !closed) {
      onWorker(kept::write);
    }
    exchange();
  }

  /** Writes for the last time. */
  Future<Void> close() {
    closed = true;
    LatencyFile kept = file;
    return kept == null ? Future.succeededFuture() : onWorker(kept::write);
  }
}
