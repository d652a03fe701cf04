package app.avalo.gateway.filter.redis;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.time.Duration;

/** A road to Redis on which every answer takes longer. */
final class SlowRoad {
  private SlowRoad() {}

  /** The port where it begins; it ends with the Vert.x. */
  static int open(Vertx vertx, int redisPort, Duration delay) {
    NetClient client = vertx.createNetClient();
    return vertx
        .createNetServer()
        .connectHandler(
            gateway -> {
              gateway.pause();
              Future<NetSocket> reached = client.connect(redisPort, "127.0.0.1");
              reached.onFailure(failure -> gateway.close());
              reached.onSuccess(redis -> join(vertx, gateway, redis, delay.toMillis()));
            })
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .join()
        .actualPort();
  }

  private static void join(Vertx vertx, NetSocket gateway, NetSocket redis, long millis) {
    gateway.closeHandler(closed -> redis.close());
    redis.closeHandler(closed -> gateway.close());
    gateway.handler(redis::write);
    redis.handler(answer -> vertx.setTimer(millis, due -> gateway.write(answer)));
    gateway.resume();
  }
}
