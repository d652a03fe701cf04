package app.avalo.gateway.alert;

import io.vertx.core.json.JsonObject;
import java.time.Instant;

/**
 * One message to operators.
 *
 * @param id the same however often it is sent
 * @param kind {@code budget.forecast}
 * @param subject what it is about, the name of a budget
 * @param atMillis milliseconds since 1970
 * @param facts figures as of then
 */
public record Alert(String id, String kind, String subject, long atMillis, JsonObject facts) {
  /** As it waits on disk. */
  JsonObject kept() {
    return new JsonObject()
        .put("id", id)
        .put("kind", kind)
        .put("subject", subject)
        .put("atMillis", atMillis)
        .put("facts", facts);
  }

  /** The one that was {@link #kept}. */
  static Alert of(JsonObject kept) {
    return new Alert(
        kept.getString("id"),
        kept.getString("kind"),
        kept.getString("subject"),
        kept.getLong("atMillis"),
        kept.getJsonObject("facts"));
  }

  /** As it is sent. */
  String body(String gateway) {
    return new JsonObject()
        .put("id", id)
        .put("kind", kind)
        .put("subject", subject)
        .put("at", Instant.ofEpochMilli(atMillis).toString())
        .put("gateway", gateway)
        .put("facts", facts)
        .encode();
  }
}
