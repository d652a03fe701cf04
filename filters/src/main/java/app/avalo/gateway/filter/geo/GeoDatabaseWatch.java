package app.avalo.gateway.filter.geo;

import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one of the locator's databases equal to its file. Polls, because a swapped symlink wakes no
 * watch on the file itself. A file that is missing, unreadable, corrupt or still being written
 * changes nothing: the last good database stays in use, and each new fault is logged once.
 */
public final class GeoDatabaseWatch {
  private static final Logger LOG = LoggerFactory.getLogger(GeoDatabaseWatch.class);
  private static final Duration PERIOD = Duration.ofSeconds(2);

  private final GeoLocator locator;
  private final Slot<?> slot;
  private final Supplier<@Nullable Path> configured;
  private @Nullable Seen tried; // poll
  private @Nullable String fault; // poll
  private boolean wanted; // poll
  private long loads; // poll
  private long failedLoads; // poll
  private volatile boolean stopped; // stop
  private volatile Timers.@Nullable Timer next; // the loop that started it

  /**
   * What tells one state of a file from another without reading it.
   *
   * @param real path with all symlinks resolved
   * @param key inode, or null where there are none
   * @param bytes size
   * @param modified time of the last write
   */
  private record Seen(Path real, @Nullable Object key, long bytes, FileTime modified) {
    static Seen of(Path file) throws IOException {
      Path real = file.toRealPath();
      BasicFileAttributes facts = Files.readAttributes(real, BasicFileAttributes.class);
      return new Seen(real, facts.fileKey(), facts.size(), facts.lastModifiedTime());
    }
  }

  /**
   * A kind of database and where it is put to use.
   *
   * @param opener reads and checks a file
   * @param file the file behind a database
   * @param use puts a database, or null for none, in the place of the one before
   * @param current the one in use
   */
  private record Slot<D>(
      Opener<D> opener,
      Function<D, MaxMindFile<?>> file,
      Consumer<@Nullable D> use,
      Supplier<@Nullable D> current) {

    interface Opener<D> {
      D open(Path file) throws IOException;
    }

    /** Opens a file; what is returned puts it to use. */
    Opened open(Path path) throws IOException {
      D database = opener.open(path);
      return new Opened(file.apply(database), () -> use.accept(database));
    }

    @Nullable MaxMindFile<?> inUse() {
      D database = current.get();
      return database == null ? null : file.apply(database);
    }
  }

  private record Opened(MaxMindFile<?> file, Runnable use) {}

  private GeoDatabaseWatch(GeoLocator locator, Slot<?> slot, Supplier<@Nullable Path> configured) {
    this.locator = locator;
    this.slot = slot;
    this.configured = configured;
  }

  /**
   * A watch of the database of places; nothing happens before it is started or polled.
   *
   * @param configured gives the file of the configuration in force, or null for none
   */
  public GeoDatabaseWatch(GeoLocator locator, Supplier<@Nullable Path> configured) {
    this(
        locator,
        new Slot<GeoDatabase>(
            GeoDatabase::open, GeoDatabase::file, locator::use, locator::database),
        configured);
  }

  /** Likewise, of the database of networks. */
  public static GeoDatabaseWatch ofNetworks(
      GeoLocator locator, Supplier<@Nullable Path> configured) {
    return new GeoDatabaseWatch(
        locator,
        new Slot<NetworkDatabase>(
            NetworkDatabase::open, NetworkDatabase::file, locator::useNetworks, locator::networks),
        configured);
  }

  /**
   * Loads now and then whenever the file changes, always on a worker thread. Completes after the
   * first attempt, good or bad; placing works meanwhile, without a database.
   */
  public Future<Void> start(Vertx vertx, Timers timers) {
    return vertx
        .<Void>executeBlocking(
            () -> {
              poll();
              return null;
            })
        .onComplete(
            done -> {
              if (!stopped) {
                next = timers.after(PERIOD, () -> start(vertx, timers));
              }
            });
  }

  /** Ends the watch; the database stays in use. */
  public void stop() {
    stopped = true;
    Timers.Timer waiting = next;
    if (waiting != null) {
      waiting.cancel();
    }
  }

  /** Looks at the file once and loads it if it changed; blocks. */
  public synchronized void poll() {
    Path file = configured.get();
    wanted = file != null;
    if (file == null) {
      slot.use().accept(null);
      tried = null;
      fault = null;
      return;
    }
    Seen before;
    try {
      before = Seen.of(file);
    } catch (IOException gone) {
      tried = null;
      String reason = gone instanceof NoSuchFileException ? "no such file" : gone.toString();
      if (!reason.equals(fault)) {
        failed(file, reason);
      }
      return;
    }
    if (!before.equals(tried)) {
      load(file, before);
    }
  }

  private void load(Path file, Seen before) {
    tried = before;
    try {
      Opened database = slot.open(before.real());
      if (Seen.of(file).equals(before)) {
        use(database, file);
      } else {
        tried = null; // written while it was read; the next poll sees all of it
      }
    } catch (IOException unusable) {
      failed(file, String.valueOf(unusable.getMessage()));
    }
  }

  private void use(Opened database, Path file) {
    database.use().run();
    loads++;
    fault = null;
    LOG.atInfo()
        .addKeyValue("file", file)
        .addKeyValue("type", database.file().type())
        .addKeyValue("built", database.file().buildEpochSeconds())
        .log("geoip database in use");
  }

  private void failed(Path file, String reason) {
    fault = reason;
    failedLoads++;
    LOG.atWarn()
        .addKeyValue("file", file)
        .addKeyValue("error", reason)
        .addKeyValue("previous", slot.inUse() == null ? "none" : "stays in use")
        .log("geoip database not usable");
  }

  /** What operators and metrics see. */
  public synchronized GeoStatus status() {
    MaxMindFile<?> current = slot.inUse();
    return new GeoStatus(
        wanted,
        current != null,
        fault == null,
        fault,
        current == null ? null : current.type(),
        current == null ? 0 : current.buildEpochSeconds(),
        locator.lookups(),
        locator.failedLookups(),
        loads,
        failedLoads);
  }
}
