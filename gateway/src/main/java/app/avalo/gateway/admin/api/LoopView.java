package app.avalo.gateway.admin.api;

import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.upstream.UpstreamPool;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** One event loop that serves clients; safe from every thread. */
public interface LoopView {
  /** Runs tasks on the loop. */
  Executor executor();

  int inFlight();

  /** Its pools, as they are on that loop. */
  Future<List<UpstreamPool.Figures>> pools();

  /** State of its road to Redis, or null without Redis. */
  RedisLink.@Nullable Stats redis();
}
