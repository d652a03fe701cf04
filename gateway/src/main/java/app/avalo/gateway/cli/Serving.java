package app.avalo.gateway.cli;

import app.avalo.gateway.run.Gateway;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.LoggerFactory;

/** From "ready" to the end of the process: SIGHUP reloads, SIGTERM and SIGINT stop in order. */
final class Serving {
  /** Beyond the grace time, for closing files and loops. */
  private static final Duration CLOSING = Duration.ofSeconds(2);

  private Serving() {}

  /**
   * Serves until the process is told to stop; returns only when interrupted.
   *
   * @param notice how long balancers get to see that the gateway is no longer ready
   */
  static int untilStopped(Gateway gateway, Duration notice) {
    Signals.onHangup(() -> gateway.reload("signal"));
    // A hook, not a handler: it also runs where the platform delivers no signals.
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> stop(gateway, notice), "avalo-gateway-stop"));
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  private static void stop(Gateway gateway, Duration notice) {
    Duration longest = gateway.plan().config().shutdownGrace().plus(CLOSING);
    try {
      gateway
          .stop(notice)
          .toCompletionStage()
          .toCompletableFuture()
          .get(longest.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException leftUndone) {
      LoggerFactory.getLogger(Serving.class)
          .atWarn()
          .addKeyValue("reason", leftUndone.toString())
          .log("stopped without finishing");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    Machine.flushLog();
  }
}
