package app.avalo.gateway.admin.http;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * A good answer.
 *
 * @param status 200 to 202
 * @param body its members in reading order; empty beside a text
 * @param text something else than JSON, or null
 */
public record Answer(int status, JsonObject body, @Nullable Text text) {
  public Answer(int status, JsonObject body) {
    this(status, body, null);
  }

  /**
   * A file.
   *
   * @param type its media type
   * @param policy what a browser may do with it
   */
  public record Text(String type, String policy, String content) {}

  public static Future<Answer> ok(JsonObject body) {
    return Future.succeededFuture(new Answer(200, body));
  }

  public static Answer file(String type, String policy, String content) {
    return new Answer(200, new JsonObject(), new Text(type, policy, content));
  }
}
