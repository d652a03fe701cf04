package app.avalo.gateway.run;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.receipt.LocalReceipts;
import app.avalo.gateway.filter.budget.receipt.Receipts;
import app.avalo.gateway.filter.budget.receipt.RedisReceipts;
import app.avalo.gateway.filter.limit.override.FileOverrides;
import app.avalo.gateway.filter.limit.override.OverrideStore;
import app.avalo.gateway.filter.limit.override.RedisOverrides;
import app.avalo.gateway.filter.pin.cell.LocalMapStore;
import app.avalo.gateway.filter.pin.cell.MapStore;
import app.avalo.gateway.filter.pin.cell.RedisMapStore;
import app.avalo.gateway.filter.pin.store.HomeStore;
import app.avalo.gateway.filter.pin.store.LocalHomeStore;
import app.avalo.gateway.filter.pin.store.RecentHomes;
import app.avalo.gateway.filter.pin.store.RedisHomeStore;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What is kept on disk, and the choice between disk, memory and Redis. */
final class Stores {
  private final Vertx vertx;
  private final @Nullable Path directory;
  private final String prefix;
  private final LocalHomeStore localHomes;
  private final RecentHomes recentHomes = new RecentHomes(Ticker.SYSTEM);
  private final Journal journal;
  private final LocalReceipts localReceipts;

  private Stores(
      Vertx vertx,
      @Nullable Path directory,
      String prefix,
      LocalHomeStore localHomes,
      Journal journal,
      LocalReceipts localReceipts) {
    this.vertx = vertx;
    this.directory = directory;
    this.prefix = prefix;
    this.localHomes = localHomes;
    this.journal = journal;
    this.localReceipts = localReceipts;
  }

  /** Opens the state directory; fails if there is one that cannot be used. */
  static Future<Stores> open(Vertx vertx, StateConfig state) {
    return vertx.executeBlocking(() -> read(vertx, state));
  }

  private static Stores read(Vertx vertx, StateConfig state) throws IOException {
    Path directory = state.directory();
    String prefix = Shared.prefix(state);
    if (directory == null) {
      return new Stores(
          vertx,
          null,
          prefix,
          LocalHomeStore.inMemory(Ticker.SYSTEM),
          Journal.NONE,
          LocalReceipts.inMemory(Ticker.SYSTEM));
    }
    Path budgets = directory.resolve("budgets");
    return new Stores(
        vertx,
        directory,
        prefix,
        LocalHomeStore.open(directory, Ticker.SYSTEM),
        FileJournal.open(budgets), // locks that directory
        state.redis() == null
            ? LocalReceipts.open(budgets.resolve("budget-receipts"), Ticker.SYSTEM)
            : LocalReceipts.inMemory(Ticker.SYSTEM)); // Redis has them
  }

  /** Homes in Redis over this link, or in this process without one. */
  HomeStore homes(@Nullable RedisLink redis) {
    return redis == null
        ? localHomes
        : new RedisHomeStore(redis, recentHomes, Ticker.SYSTEM, prefix);
  }

  /**
   * The map of a group: in Redis, else in a file, else in memory; for the control loop.
   *
   * @throws IOException through the future, if the file is there and cannot be read
   */
  Future<MapStore> cells(String group, ControlVerticle control) {
    RedisLink redis = control.redis();
    Path parent = directory;
    if (redis != null) {
      return Future.succeededFuture(new RedisMapStore(redis, prefix, group));
    }
    return parent == null
        ? Future.succeededFuture(LocalMapStore.inMemory())
        : vertx.executeBlocking(
            () ->
                LocalMapStore.open(
                    parent.resolve("cells-" + group), control.disk(), control.executor()));
  }

  /** Overrides of limits: in Redis, else in a file, else in memory; for the control loop. */
  OverrideStore overrides(ControlVerticle control) {
    RedisLink redis = control.redis();
    Path file = directory == null ? null : directory.resolve("limit-overrides.json");
    return redis == null
        ? new FileOverrides(vertx, Ticker.SYSTEM, file)
        : new RedisOverrides(redis, prefix);
  }

  Journal journal() {
    return journal;
  }

  /** Receipts of requests in Redis over this link, or in this process without one. */
  Receipts receipts(@Nullable RedisLink redis) {
    return redis == null ? localReceipts : new RedisReceipts(redis, prefix);
  }

  String prefix() {
    return prefix;
  }

  Future<Void> close() {
    return vertx.executeBlocking(
        () -> {
          localHomes.close();
          if (journal instanceof FileJournal file) {
            file.close();
          }
          return null;
        });
  }
}
