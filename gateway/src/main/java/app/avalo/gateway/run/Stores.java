package app.avalo.gateway.run;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.budget.journal.FileJournal;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.pin.store.LocalPinStore;
import app.avalo.gateway.filter.pin.store.PinStore;
import app.avalo.gateway.filter.pin.store.RecentPins;
import app.avalo.gateway.filter.pin.store.RedisPinStore;
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
  private final String prefix;
  private final LocalPinStore localPins;
  private final RecentPins recentPins = new RecentPins(Ticker.SYSTEM);
  private final Journal journal;

  private Stores(Vertx vertx, String prefix, LocalPinStore localPins, Journal journal) {
    this.vertx = vertx;
    this.prefix = prefix;
    this.localPins = localPins;
    this.journal = journal;
  }

  /** Opens the state directory; fails if there is one that cannot be used. */
  static Future<Stores> open(Vertx vertx, StateConfig state) {
    return vertx.executeBlocking(() -> read(vertx, state));
  }

  private static Stores read(Vertx vertx, StateConfig state) throws IOException {
    Path directory = state.directory();
    String prefix = Shared.prefix(state);
    return directory == null
        ? new Stores(vertx, prefix, LocalPinStore.inMemory(Ticker.SYSTEM), Journal.NONE)
        : new Stores(
            vertx,
            prefix,
            LocalPinStore.open(directory, Ticker.SYSTEM),
            FileJournal.open(directory.resolve("budgets")));
  }

  /** Pins in Redis over this link, or in this process without one. */
  PinStore pins(@Nullable RedisLink redis) {
    return redis == null ? localPins : new RedisPinStore(redis, recentPins, Ticker.SYSTEM, prefix);
  }

  Journal journal() {
    return journal;
  }

  String prefix() {
    return prefix;
  }

  Future<Void> close() {
    return vertx.executeBlocking(
        () -> {
          localPins.close();
          if (journal instanceof FileJournal file) {
            file.close();
          }
          return null;
        });
  }
}
