package app.avalo.gateway.filter.redis;

import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * One event loop of its own Vert.x, driven from a test thread. Where epoll is on the class path it
 * has that, as a gateway has: the loop of Java's own selector turns without rest while a timer is
 * due in less than a millisecond, and Redis waits for its processor.
 */
public final class Loop implements AutoCloseable {
  private final Vertx vertx = Vertx.builder().withTransport(transport()).build();
  private final Context context = vertx.getOrCreateContext();
  private final List<RedisLink> links = new ArrayList<>();

  private static Transport transport() {
    Transport epoll = Transport.EPOLL; // null where its classes are missing
    return epoll != null && epoll.available() ? epoll : Transport.NIO;
  }

  public Vertx vertx() {
    return vertx;
  }

  /** What the supplier returns on the loop. */
  public <T> T get(Supplier<T> supplier) {
    return await(() -> Future.succeededFuture(supplier.get()));
  }

  /** A link of this loop to a Redis, which is up; closed with the loop. */
  public RedisLink link(RedisServer server) {
    return link(server, Duration.ofSeconds(2));
  }

  /** The same, where calls may take so long. */
  public RedisLink link(RedisServer server, Duration deadline) {
    RedisLink link =
        get(() -> RedisLink.connect(vertx, server.config(deadline, "t"), Ticker.SYSTEM));
    links.add(link);
    until(Duration.ofSeconds(5), link::isUp);
    return link;
  }

  /** Runs something on the loop, later. */
  public void run(Runnable task) {
    context.runOnContext(go -> task.run());
  }

  /** Starts something on the loop; its end may be waited for elsewhere. */
  public <T> CompletableFuture<T> start(Supplier<Future<T>> supplier) {
    CompletableFuture<T> result = new CompletableFuture<>();
    context.runOnContext(
        go -> {
          try {
            supplier
                .get()
                .onComplete(
                    (value, failure) -> {
                      if (failure == null) {
                        result.complete(value);
                      } else {
                        result.completeExceptionally(failure);
                      }
                    });
          } catch (RuntimeException failure) {
            result.completeExceptionally(failure);
          }
        });
    return result;
  }

  /** The outcome of something that starts on the loop; fails when it failed. */
  public <T> T await(Supplier<Future<T>> supplier) {
    return start(supplier).orTimeout(20, TimeUnit.SECONDS).join();
  }

  /** Waits until the condition, asked on the loop, holds. */
  public void until(Duration patience, BooleanSupplier condition) {
    CompletableFuture<Void> met = new CompletableFuture<>();
    context.runOnContext(
        go ->
            vertx.setPeriodic(
                2,
                id -> {
                  if (condition.getAsBoolean()) {
                    vertx.cancelTimer(id);
                    met.complete(null);
                  }
                }));
    met.orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS).join();
  }

  @Override
  public void close() {
    get(
        () -> {
          links.forEach(RedisLink::close);
          return links;
        });
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
