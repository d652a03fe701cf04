package app.avalo.gateway.filter.limit.override;

import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Overrides of a gateway without Redis: in a file that is replaced whole, or in memory only. An
 * order that cannot be written does not hold.
 */
public final class FileOverrides implements OverrideStore {
  private static final Logger LOG = LoggerFactory.getLogger(FileOverrides.class);

  /** What {@link Overrides#MOST} take, each of the longest words in the longest encoding. */
  private static final long LARGEST = 8 << 20;

  private final Vertx vertx;
  private final Ticker ticker;
  private final @Nullable Path file;
  private @Nullable Map<String, LimitOverride> kept; // control loop; null until the file is read
  private Future<List<LimitOverride>> last = Future.succeededFuture(List.of());

  /** Opens nothing yet. */
  public FileOverrides(Vertx vertx, Ticker ticker, @Nullable Path file) {
    this.vertx = vertx;
    this.ticker = ticker;
    this.file = file;
  }

  @Override
  public Future<List<LimitOverride>> all() {
    return known().map(all -> List.copyOf(all.values()));
  }

  private Future<Map<String, LimitOverride>> known() {
    Path from = file;
    if (kept != null) {
      return Future.succeededFuture(kept);
    }
    return (from == null
            ? Future.succeededFuture(Map.<String, LimitOverride>of())
            : vertx.executeBlocking(() -> read(from)))
        .map(
            found -> {
              Map<String, LimitOverride> now = kept;
              kept = now == null ? new LinkedHashMap<>(found) : now;
              return kept;
            });
  }

  @Override
  public Future<List<LimitOverride>> put(LimitOverride order) {
    return change(
        all -> {
          all.put(order.policy() + " " + order.subject(), order);
          if (all.size() > Overrides.MOST) {
            throw new TooMany();
          }
        });
  }

  @Override
  public Future<List<LimitOverride>> remove(String policy, String subject) {
    return change(all -> all.remove(policy + " " + subject));
  }

  private interface Change {
    void make(Map<String, LimitOverride> all);
  }

  /** One after the other, as each begins with what the one before has left. */
  private Future<List<LimitOverride>> change(Change change) {
    Future<List<LimitOverride>> changed = last.transform((all, failure) -> changed(change));
    last = changed;
    return changed;
  }

  private Future<List<LimitOverride>> changed(Change change) {
    return known()
        .compose(
            before -> {
              Map<String, LimitOverride> next = new LinkedHashMap<>(before);
              next.values().removeIf(each -> each.untilEpochMillis() <= ticker.epochMillis());
              change.make(next);
              return written(List.copyOf(next.values()))
                  .map(
                      all -> {
                        kept = next;
                        return all;
                      });
            });
  }

  private Future<List<LimitOverride>> written(List<LimitOverride> all) {
    Path to = file;
    return to == null
        ? Future.succeededFuture(all)
        : vertx.executeBlocking(
            () -> {
              write(to, all);
              return all;
            });
  }

  private static Map<String, LimitOverride> read(Path file) throws IOException {
    Map<String, LimitOverride> orders = new LinkedHashMap<>();
    if (Files.exists(file)) {
      if (Files.size(file) > LARGEST) {
        throw new IOException(file + " is over 8 MiB");
      }
      JsonArray json = new JsonArray(Files.readString(file));
      for (int i = 0; i < json.size(); i++) {
        add(orders, json.getValue(i));
      }
    }
    return orders;
  }

  /** The others hold all the same. */
  private static void add(Map<String, LimitOverride> orders, Object entry) {
    try {
      LimitOverride order = LimitOverride.of((JsonObject) entry);
      orders.put(order.policy() + " " + order.subject(), order);
    } catch (RuntimeException notAnOrder) {
      LOG.atWarn().addKeyValue("order", entry).log("an override in the file cannot be read");
    }
  }

  private static void write(Path file, List<LimitOverride> all) throws IOException {
    List<JsonObject> json = new ArrayList<>();
    all.forEach(each -> json.add(each.toJson()));
    Files.createDirectories(file.toAbsolutePath().getParent());
    Path next = file.resolveSibling(file.getFileName() + ".next");
    Files.writeString(next, new JsonArray(json).encodePrettily());
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
