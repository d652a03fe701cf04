package app.avalo.gateway.admin.api;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Asks something of another event loop. */
public final class On {
  private On() {}

  /** What the task gives, run by the executor; a task that throws fails the future. */
  public static <T> Future<T> loop(Executor loop, Supplier<Future<T>> task) {
    Promise<T> done = Promise.promise();
    loop.execute(
        () -> {
          Future<T> asked;
          try {
            asked = task.get();
          } catch (RuntimeException failed) {
            done.fail(failed);
            return;
          }
          asked.onComplete(done);
        });
    return done.future();
  }
}
