package app.avalo.gateway.alert;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Alerts that wait to be delivered, oldest first; with a file they outlive the process. Confined to
 * the control loop; the file is written beside it, whole each time, as alerts are rare.
 */
final class Outbox {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

  private final Vertx vertx;
  private final @Nullable Path file;
  private final Queue<Alert> waiting = new ArrayDeque<>();
  private boolean writing = true; // what an earlier process left was not read yet
  private boolean changed;

  Outbox(Vertx vertx, @Nullable Path file) {
    this.vertx = vertx;
    this.file = file;
  }

  /** Takes over what an earlier process left, before anything newer. */
  Future<Void> open() {
    Path from = file;
    Future<List<Alert>> left =
        from == null ? Future.succeededFuture(List.of()) : vertx.executeBlocking(() -> read(from));
    return left.otherwise(Outbox::unreadable)
        .map(
            alerts -> {
              List<Alert> since = List.copyOf(waiting);
              waiting.clear();
              waiting.addAll(alerts);
              waiting.addAll(since);
              written();
              return null;
            });
  }

  private static List<Alert> unreadable(Throwable failure) {
    LOG.atError().addKeyValue("cause", failure.toString()).log("waiting alerts not read");
    return List.of();
  }

  private static List<Alert> read(Path file) throws IOException {
    List<Alert> alerts = new ArrayList<>();
    if (Files.exists(file)) {
      try {
        for (Object each : new JsonArray(Files.readString(file))) {
          alerts.add(Alert.of((JsonObject) each));
        }
      } catch (RuntimeException broken) {
        throw new IOException("no list of alerts: " + file, broken);
      }
    }
    return alerts;
  }

  @Nullable Alert next() {
    return waiting.peek();
  }

  int size() {
    return waiting.size();
  }

  void add(Alert alert) {
    waiting.add(alert);
    save();
  }

  void remove(Alert alert) {
    waiting.remove(alert);
    save();
  }

  /** Nobody wants them any more. */
  void clear() {
    if (!waiting.isEmpty()) {
      waiting.clear();
      save();
    }
  }

  private void save() {
    changed = true;
    Path to = file;
    if (to != null && !writing) {
      writing = true;
      changed = false;
      JsonArray all = new JsonArray();
      waiting.forEach(alert -> all.add(alert.kept()));
      vertx
          .executeBlocking(() -> write(all.encode(), to))
          .onFailure(failure -> LOG.warn("waiting alerts not written: {}", failure.toString()))
          .onComplete(done -> written());
    }
  }

  private void written() {
    writing = false;
    if (changed) {
      save();
    }
  }

  private static Path write(String text, Path file) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".draft");
    Files.createDirectories(file.getParent());
    Files.writeString(draft, text);
    return Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
