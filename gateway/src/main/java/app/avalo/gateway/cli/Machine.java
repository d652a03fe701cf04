package app.avalo.gateway.cli;

import app.avalo.gateway.observe.MetricsPage;
import ch.qos.logback.classic.LoggerContext;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.transport.Transport;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The Vert.x instance under the gateway, sized for one job on a small machine. */
final class Machine {
  /** Starting waits for probes, files and Redis, all of which have shorter limits of their own. */
  private static final long PATIENCE_SECONDS = 60;

  private Machine() {}

  /** How sockets are served. */
  enum TransportChoice {
    AUTO,
    EPOLL,
    NIO,
    IO_URING
  }

  /** A Vert.x instance and the name of its transport. */
  record Made(Vertx vertx, String transport) {}

  /** What Netty and Vert.x read once, when they are loaded; set only where nobody chose. */
  static void prepare() {
    unlessSet("io.netty.leakDetection.level", "disabled");
  }

  /** From now on the log begins at this level; works once, before the first logger. */
  static void logFrom(String level) {
    if (System.getenv("LOG_LEVEL") == null) {
      unlessSet("LOG_LEVEL", level);
    }
  }

  /** Writes out what waits in the log's queue; for the end of the process. */
  static void flushLog() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext log) {
      log.stop();
    }
  }

  private static void unlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /**
   * Makes the instance.
   *
   * @param loops that serve clients; one more takes checks, admin and shared state
   * @param page where it reports its worker pools, or null
   */
  static Made start(int loops, TransportChoice choice, @Nullable MetricsPage page) {
    VertxOptions options = options(loops);
    VertxBuilder builder = Vertx.builder().with(options);
    if (page != null) {
      builder = page.measure(builder, options);
    }
    TransportChoice used = choice == TransportChoice.AUTO ? best() : choice;
    return new Made(builder.withTransport(transport(used)).build(), label(used));
  }

  private static TransportChoice best() {
    return Transport.EPOLL.available() ? TransportChoice.EPOLL : TransportChoice.NIO;
  }

  private static VertxOptions options(int loops) {
    return new VertxOptions()
        .setEventLoopPoolSize(loops + 1)
        // Both only read files and verify tokens; a thread of each is made per task up to here.
        .setWorkerPoolSize(2)
        .setInternalBlockingPoolSize(2)
        .setDisableTCCL(true)
        .setBlockedThreadCheckInterval(1)
        .setBlockedThreadCheckIntervalUnit(TimeUnit.SECONDS)
        .setMaxEventLoopExecuteTime(1)
        .setMaxEventLoopExecuteTimeUnit(TimeUnit.SECONDS)
        .setMaxWorkerExecuteTime(60)
        .setMaxWorkerExecuteTimeUnit(TimeUnit.SECONDS)
        .setAddressResolverOptions(
            // A region whose name does not resolve must not hold a request for 20 seconds, and
            // an address that moved is followed within half a minute.
            new AddressResolverOptions()
                .setQueryTimeout(1000)
                .setMaxQueries(4)
                .setCacheMaxTimeToLive(30)
                .setCacheNegativeTimeToLive(1))
        .setFileSystemOptions(
            new FileSystemOptions()
                .setFileCachingEnabled(false)
                .setClassPathResolvingEnabled(false));
  }

  private static Transport transport(TransportChoice choice) {
    Transport transport =
        switch (choice) {
          case AUTO, EPOLL -> Transport.EPOLL;
          case NIO -> Transport.NIO;
          case IO_URING -> Transport.IO_URING;
        };
    if (!transport.available()) {
      throw new Failure(
          Failure.CANNOT_START,
          "cannot start: --transport " + label(choice) + " does not work here (expected auto)");
    }
    return transport;
  }

  private static String label(TransportChoice choice) {
    return choice.name().toLowerCase(java.util.Locale.ROOT);
  }

  /** Waits for a future on the main thread. */
  static <T> T await(Future<T> future) throws ExecutionException {
    try {
      return future
          .toCompletionStage()
          .toCompletableFuture()
          .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException late) {
      throw new Failure(
          Failure.CANNOT_START, "cannot start: not ready after " + PATIENCE_SECONDS + " s");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failure(Failure.CANNOT_START, "cannot start: interrupted");
    }
  }
}
