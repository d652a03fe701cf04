package app.avalo.gateway.region;

import app.avalo.gateway.region.RegionStatus.Forced;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Operators' orders on disk, so that a restart keeps them: one JSON object per region. Replaced
 * whole; a file that cannot be read is reported and leaves nothing forced.
 */
final class ForcedFile {
  private static final Logger LOG = LoggerFactory.getLogger(ForcedFile.class);
  private static final long LARGEST = 1 << 20;

  private final Vertx vertx;
  private final Path file;
  private Future<?> lastSave = Future.succeededFuture(); // control loop

  ForcedFile(Vertx vertx, Path file) {
    this.vertx = vertx;
    this.file = file;
  }

  /** The orders kept; never fails. */
  Future<Map<String, Forced>> load() {
    return vertx
        .executeBlocking(this::read)
        .recover(
            e -> {
              LOG.atError()
                  .addKeyValue("file", file)
                  .addKeyValue("cause", e.toString())
                  .log("forced regions are lost");
              return Future.succeededFuture(Map.of());
            });
  }

  /** Keeps these orders; written in the order of the calls, off the loop. */
  void save(Map<String, Forced> orders) {
    lastSave =
        vertx
            .executeBlocking(() -> write(orders))
            .onFailure(
                e ->
                    LOG.atError()
                        .addKeyValue("file", file)
                        .addKeyValue("cause", e.toString())
                        .log("forced regions are not kept"));
  }

  /** Ends when everything saved so far is on disk, or reported. */
  Future<?> settled() {
    return lastSave.otherwiseEmpty();
  }

  private Map<String, Forced> read() throws IOException {
    Map<String, Forced> orders = new HashMap<>();
    if (Files.exists(file)) {
      if (Files.size(file) > LARGEST) {
        throw new IOException("over 1 MiB");
      }
      JsonObject json = new JsonObject(Files.readString(file));
      for (String region : json.fieldNames()) {
        JsonObject order = json.getJsonObject(region);
        orders.put(
            region,
            new Forced(
                order.getBoolean("out"),
                order.getString("by"),
                order.getString("reason"),
                order.getLong("untilEpochMillis")));
      }
    }
    return orders;
  }

  private Path write(Map<String, Forced> orders) throws IOException {
    JsonObject json = new JsonObject();
    orders.forEach(
        (region, order) ->
            json.put(
                region,
                new JsonObject()
                    .put("out", order.out())
                    .put("by", order.by())
                    .put("reason", order.reason())
                    .put("untilEpochMillis", order.untilEpochMillis())));
    Files.createDirectories(file.toAbsolutePath().getParent());
    Path next = file.resolveSibling(file.getFileName() + ".next");
    Files.writeString(next, json.encodePrettily());
    return Files.move(
        next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
