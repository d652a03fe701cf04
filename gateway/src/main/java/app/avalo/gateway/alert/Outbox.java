package app.avalo.gateway.alert;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Alerts that wait to be delivered, oldest first, each id once; with a file they outlive the
 * process, but for when they are tried next. Confined to the control loop, but for {@link #size};
 * the file is written beside it, whole each time, as alerts are rare.
 */
final class Outbox {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

  private final Vertx vertx;
  private final @Nullable Path file;
  private final Map<String, Delivery> waiting = new LinkedHashMap<>(); // by id
  private volatile int size;
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
              List<Delivery> since = List.copyOf(waiting.values());
              waiting.clear();
              alerts.forEach(alert -> take(alert, Promise.promise()));
              since.forEach(each -> take(each.alert, each.over));
              written();
              return null;
            });
  }

  /** One that waits already is the older of the two. */
  private void take(Alert alert, Promise<Void> over) {
    Delivery known = waiting.putIfAbsent(alert.id(), new Delivery(alert, over));
    if (known != null) {
      known.over.future().onComplete(over);
    }
    size = waiting.size();
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
      } catch (RuntimeException | CharacterCodingException broken) {
        // The next alert is written in its place.
        Path aside = file.resolveSibling(file.getFileName() + ".corrupt");
        Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        throw new IOException("no list of alerts, set aside as " + aside, broken);
      }
    }
    return alerts;
  }

  @Nullable Delivery oldest() {
    return waiting.isEmpty() ? null : waiting.values().iterator().next();
  }

  /**
   * Whose turn is next, be it now or later; null when none waits. The first that failed holds the
   * others until it, or another, is aside; then come new ones, and then whoever has waited long
   * enough.
   */
  @Nullable Delivery next(long now) {
    boolean aside = waiting.values().stream().anyMatch(Delivery::isAside);
    Delivery next = null;
    for (Delivery each : waiting.values()) {
      if (!aside && !each.isNew()) {
        return each;
      }
      if (next == null || !next.isNew() && isBefore(each, next, now)) {
        next = each;
      }
    }
    return next;
  }

  /** Whether it comes before one that is older and was tried already. */
  private static boolean isBefore(Delivery each, Delivery older, long now) {
    long until = older.pause(now);
    return each.isNew() || until > 0 && each.pause(now) < until;
  }

  boolean has(Delivery delivery) {
    return waiting.get(delivery.alert.id()) == delivery;
  }

  void each(Consumer<Delivery> change) {
    waiting.values().forEach(change);
  }

  /** How many wait; safe from every thread. */
  int size() {
    return size;
  }

  /** Takes one in; the promise completes when it waits no more. */
  void add(Alert alert, Promise<Void> over) {
    take(alert, over);
    save();
  }

  void remove(Delivery gone) {
    waiting.remove(gone.alert.id(), gone);
    save();
    gone.over.tryComplete();
  }

  /** Nobody wants them any more. */
  void clear() {
    if (!waiting.isEmpty()) {
      List<Delivery> gone = List.copyOf(waiting.values());
      waiting.clear();
      save();
      gone.forEach(each -> each.over.complete());
    }
  }

  private void save() {
    size = waiting.size();
    changed = true;
    Path to = file;
    if (to != null && !writing) {
      writing = true;
      changed = false;
      JsonArray all = new JsonArray();
      waiting.values().forEach(each -> all.add(each.alert.kept()));
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
