package app.avalo.gateway.filter.pin.store;

import app.avalo.gateway.filter.time.Ticker;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The homes of users of a gateway that runs alone: at most a million in memory, and in a log on
 * disk when a directory is configured. One for all loops; safe from every thread; never fails and
 * never waits.
 *
 * <p>What the machine loses with its power is what was not yet synced, some milliseconds; the
 * clients' cookies bring it back.
 */
public final class LocalHomeStore implements HomeStore, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalHomeStore.class);
  private static final int MOST = 1_000_000;

  private final Ticker ticker;
  private final Cache<PinKey, Held> held;
  private final ConcurrentMap<PinKey, Held> map;
  private @Nullable HomeLog log; // the opener, before anybody else sees the store
  private @Nullable ExecutorService writer; // likewise
  private @Nullable FileChannel lock; // likewise; open as long as the directory is ours

  private record Held(Home home, long expiresMillis) {}

  private LocalHomeStore(Ticker ticker) {
    this.ticker = ticker;
    this.held =
        Caffeine.newBuilder()
            .maximumSize(MOST)
            .expireAfter(Expiry.<PinKey, Held>writing((key, value) -> left(value)))
            .ticker(ticker::nanos)
            .executor(Runnable::run)
            .build();
    this.map = held.asMap();
  }

  /** A store that forgets everything when the process ends. */
  public static LocalHomeStore inMemory(Ticker ticker) {
    return new LocalHomeStore(ticker);
  }

  /**
   * A store that lives on in {@code directory/homes.log}, read here. Blocks.
   *
   * @throws IOException if the directory cannot be used
   */
  public static LocalHomeStore open(Path directory, Ticker ticker) throws IOException {
    LocalHomeStore store = new LocalHomeStore(ticker);
    ExecutorService writer =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "home-log");
              thread.setDaemon(true);
              return thread;
            });
    try {
      Files.createDirectories(directory);
      store.lock = locked(directory.resolve("pins.lock"));
      store.log =
          HomeLog.open(directory.resolve("homes.log"), writer, store::restore, store::records);
      store.writer = writer;
      return store;
    } catch (IOException | RuntimeException failure) {
      writer.shutdown();
      store.unlock();
      throw failure;
    }
  }

  private static FileChannel locked(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return channel;
      }
    } catch (OverlappingFileLockException inThisProcess) {
      // the same answer as for another process
    }
    channel.close();
    throw new IOException(file + ": another gateway uses this directory");
  }

  private void unlock() throws IOException {
    FileChannel channel = lock;
    if (channel != null) {
      channel.close();
    }
  }

  private Duration left(Held value) {
    return Duration.ofMillis(Math.max(1, value.expiresMillis() - ticker.epochMillis()));
  }

  private void restore(HomeRecord line) {
    if (line.expiresMillis() > ticker.epochMillis()) {
      map.put(line.key(), new Held(line.home(), line.expiresMillis()));
    }
  }

  private Iterator<HomeRecord> records() {
    Iterator<Map.Entry<PinKey, Held>> entries = map.entrySet().iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return entries.hasNext();
      }

      @Override
      public HomeRecord next() {
        Map.Entry<PinKey, Held> entry = entries.next();
        return record(entry.getKey(), entry.getValue());
      }
    };
  }

  private static HomeRecord record(PinKey key, Held value) {
    return new HomeRecord(key, value.home(), value.expiresMillis());
  }

  @Override
  public int known(PinKey key, Duration ttl) {
    Held found = held.getIfPresent(key);
    if (found == null) {
      return UNKNOWN;
    }
    if (found.expiresMillis() - ticker.epochMillis() < ttl.toMillis() / 2) {
      put(key, found, found.home(), ttl);
    }
    return found.home().region();
  }

  @Override
  public Future<@Nullable Home> find(PinKey key) {
    Held found = held.getIfPresent(key);
    return Future.succeededFuture(found == null ? null : found.home());
  }

  @Override
  public Future<Home> claim(PinKey key, int region, Duration ttl) {
    while (true) {
      Held found = held.getIfPresent(key);
      Home home = found == null ? new Home(region, ticker.epochMillis()) : found.home();
      if (put(key, found, home, ttl)) {
        return Future.succeededFuture(home);
      }
    }
  }

  /** Replaces exactly what was found; false when somebody was faster. */
  private boolean put(PinKey key, @Nullable Held found, Home next, Duration ttl) {
    Held now = new Held(next, ticker.epochMillis() + ttl.toMillis());
    boolean done = found == null ? map.putIfAbsent(key, now) == null : map.replace(key, found, now);
    HomeLog file = log;
    if (done && file != null) {
      file.append(record(key, now));
    }
    return done;
  }

  @Override
  public Scan scan() {
    Iterator<Map.Entry<PinKey, Held>> entries = map.entrySet().iterator();
    return limit -> {
      if (!entries.hasNext()) {
        return Future.succeededFuture(null);
      }
      List<Entry> page = new ArrayList<>(limit);
      while (page.size() < limit && entries.hasNext()) {
        Map.Entry<PinKey, Held> entry = entries.next();
        page.add(new Entry(entry.getKey(), entry.getValue().home()));
      }
      return Future.succeededFuture(page);
    };
  }

  /** Writes everything to disk. Blocks, five seconds at most. */
  @Override
  public void close() {
    HomeLog file = log;
    ExecutorService thread = writer;
    if (file == null || thread == null) {
      return;
    }
    thread.execute(
        () -> {
          try {
            file.close();
            unlock();
          } catch (IOException failure) {
            LOG.atError().addKeyValue("reason", failure.toString()).log("log of homes not closed");
          }
        });
    thread.shutdown();
    try {
      if (!thread.awaitTermination(5, TimeUnit.SECONDS)) {
        LOG.atError().log("log of homes not closed in time");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
