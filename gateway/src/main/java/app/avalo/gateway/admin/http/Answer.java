package app.avalo.gateway.admin.http;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

/**
 * A good answer.
 *
 * @param status 200 to 202
 * @param body its members in reading order
 */
public record Answer(int status, JsonObject body) {
  public static Future<Answer> ok(JsonObject body) {
    return Future.succeededFuture(new Answer(200, body));
  }
}
