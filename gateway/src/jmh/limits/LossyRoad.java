import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.time.Duration;

/**
 * A road to Redis on which every tenth answer does not arrive: TCP either delivers it late, and all
 * that is behind it, or ends. Counted are pieces as they are read; over loopback one is an answer,
 * or several.
 */
final class LossyRoad {
  private static final int EVERY = 10;
  private static final Duration LATE = Duration.ofMillis(30);

  /** What becomes of such an answer. */
  enum Loss {
    /** The connection ends in its place. */
    CUT,
    /** It comes after the deadline of 20 ms. */
    LATE
  }

  private final Vertx vertx;
  private final NetClient client;
  private final int redisPort;
  private final Loss loss;
  private int pieces; // the event loop of the server

  private LossyRoad(Vertx vertx, int redisPort, Loss loss) {
    this.vertx = vertx;
    this.client = vertx.createNetClient();
    this.redisPort = redisPort;
    this.loss = loss;
  }

  /** The port where it begins. */
  static int open(Vertx vertx, int redisPort, Loss loss) {
    LossyRoad road = new LossyRoad(vertx, redisPort, loss);
    return vertx
        .createNetServer()
        .connectHandler(road::join)
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .join()
        .actualPort();
  }

  private void join(NetSocket gateway) {
    gateway.pause();
    Future<NetSocket> reached = client.connect(redisPort, "127.0.0.1");
    reached.onFailure(failure -> gateway.close());
    reached.onSuccess(
        redis -> {
          gateway.closeHandler(closed -> redis.close());
          redis.closeHandler(closed -> gateway.close());
          gateway.handler(redis::write);
          redis.handler(answer -> pass(answer, redis, gateway));
          gateway.resume();
        });
  }

  private void pass(Buffer answer, NetSocket redis, NetSocket gateway) {
    if (++pieces % EVERY > 0) {
      gateway.write(answer);
    } else if (loss == Loss.CUT) {
      gateway.close();
    } else {
      redis.pause();
      vertx.setTimer(
          LATE.toMillis(),
          due -> {
            gateway.write(answer);
            redis.resume();
          });
    }
  }
}
