package app.avalo.gateway.filter.identity;

import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The verification keys of an issuer: loaded again on schedule, and early when a token names a key
 * that is not among them. A failed load keeps the last good keys. Safe from every thread; readers
 * of {@link #current} take no lock.
 */
final class KeySource implements AutoCloseable {
  /**
   * Least time between two loads, whoever asks: a forged key id must not become a request flood.
   */
  static final Duration LEAST_INTERVAL = Duration.ofSeconds(10);

  /** Exchanges that may wait for one load; the next ones are told that nobody can tell. */
  static final int MAX_WAITING = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(KeySource.class);

  private final String name;
  private final @Nullable Loader loader;
  private final Duration every;
  private final Ticker ticker;
  private final Timers timers;

  private volatile @Nullable KeySet current; // completed()
  private volatile boolean failing; // completed()

  private boolean loading; // the rest: under this object's lock
  private boolean closed;
  private boolean begun;
  private long begunNanos;
  private List<Runnable> waiting = new ArrayList<>();
  private Timers.@Nullable Timer timer;

  /** Where keys come from. */
  interface Loader {
    /** Starts a load that ends by itself within a few seconds. Does not block. */
    Future<KeySet> load();

    /** Frees what it holds. */
    default void close() {}
  }

  /** What asking for newer keys led to. */
  enum Renewal {
    /** A load runs; the caller's task will run after it. */
    WAIT,
    /** The last load was a moment ago and what it brought holds. */
    CURRENT,
    /** The last load failed, or too many wait already. */
    UNAVAILABLE
  }

  private KeySource(
      String name, @Nullable Loader loader, Duration every, Ticker ticker, Timers timers) {
    this.name = name;
    this.loader = loader;
    this.every = every;
    this.ticker = ticker;
    this.timers = timers;
  }

  /** Keys that never change. */
  static KeySource fixed(KeySet keys, Ticker ticker, Timers timers) {
    KeySource source = new KeySource("fixed", null, Duration.ZERO, ticker, timers);
    source.current = keys;
    return source;
  }

  /**
   * Keys that are loaded, first when asked for or at {@link #begin}.
   *
   * @param name for the log
   * @param every time between two loads
   */
  static KeySource loaded(
      String name, Loader loader, Duration every, Ticker ticker, Timers timers) {
    return new KeySource(name, loader, every, ticker, timers);
  }

  /** Starts the first load, so that the first token need not wait for it. */
  void begin() {
    Loader from = loader;
    if (from != null && !hasBegun()) {
      load(from);
    }
  }

  /** Whether a load was ever started. */
  synchronized boolean hasBegun() {
    return begun;
  }

  /** The newest good keys, or null before the first. */
  @Nullable KeySet current() {
    return current;
  }

  /** Whether the last load failed. */
  boolean failing() {
    return failing;
  }

  /** Asks for keys newer than the current ones; runs the task later, on any thread, if it waits. */
  Renewal renew(Runnable task) {
    Loader from = loader;
    if (from == null) {
      return Renewal.CURRENT;
    }
    synchronized (this) {
      boolean recent = begun && ticker.nanos() - begunNanos < LEAST_INTERVAL.toNanos();
      if (closed || !loading && recent) {
        return failing || current == null ? Renewal.UNAVAILABLE : Renewal.CURRENT;
      }
      if (waiting.size() >= MAX_WAITING) {
        return Renewal.UNAVAILABLE;
      }
      waiting.add(task);
    }
    load(from);
    return Renewal.WAIT;
  }

  private void load(Loader from) {
    synchronized (this) {
      if (loading || closed) {
        return;
      }
      loading = true;
      begun = true;
      begunNanos = ticker.nanos();
    }
    Future<KeySet> load;
    try {
      load = from.load();
    } catch (RuntimeException broken) {
      load = Future.failedFuture(broken);
    }
    load.onComplete(result -> completed(from, result.result(), result.cause()));
  }

  private void completed(Loader from, @Nullable KeySet loaded, @Nullable Throwable failure) {
    List<Runnable> tasks;
    synchronized (this) {
      if (loaded != null && !loaded.equals(current)) {
        // The same keys stay the same object: cached tokens are bound to it.
        current = loaded;
        LOG.atInfo().addKeyValue("source", name).addKeyValue("keys", loaded.entries()).log("keys");
      }
      if (loaded == null && !failing) {
        LOG.atWarn()
            .addKeyValue("source", name)
            .addKeyValue("reason", String.valueOf(failure))
            .addKeyValue("kept", current != null)
            .log("keys not loaded");
      }
      failing = loaded == null;
      loading = false;
      tasks = waiting;
      waiting = new ArrayList<>();
      if (!closed) {
        boolean soon = failing && every.compareTo(LEAST_INTERVAL) > 0;
        timer = timers.after(soon ? LEAST_INTERVAL : every, () -> load(from));
      }
    }
    tasks.forEach(Runnable::run);
  }

  /** Stops loading; what is there stays readable for exchanges in flight. */
  @Override
  public void close() {
    List<Runnable> tasks;
    synchronized (this) {
      closed = true;
      if (timer != null) {
        timer.cancel();
      }
      tasks = waiting;
      waiting = new ArrayList<>();
    }
    if (loader != null) {
      loader.close();
    }
    tasks.forEach(Runnable::run);
  }
}
