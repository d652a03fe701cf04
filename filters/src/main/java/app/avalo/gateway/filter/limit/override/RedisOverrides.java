package app.avalo.gateway.filter.limit.override;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Overrides in one hash of Redis, for all gateways. */
public final class RedisOverrides implements OverrideStore {
  private static final Logger LOG = LoggerFactory.getLogger(RedisOverrides.class);
  private static final Script SCRIPT =
      Script.of(
          "limit-overrides",
          """
          -- KEYS[1] hash: <policy> <subject> -> <until, milliseconds since 1970> <order>
          -- ARGV[1] field, or '' to look only; ARGV[2] its value, or '' to remove; ARGV[3] most fields
          -- Returns every order that holds; or -1 when there are too many.
          local time = redis.call('TIME')
          local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
          local all, orders = redis.call('HGETALL', KEYS[1]), {}
          for i = 1, #all, 2 do
            if tonumber(string.match(all[i + 1], '^%d+')) <= now then
              redis.call('HDEL', KEYS[1], all[i])
            end
          end
          if ARGV[1] ~= '' and ARGV[2] == '' then
            redis.call('HDEL', KEYS[1], ARGV[1])
          elseif ARGV[1] ~= '' then
            if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
                and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
              return -1
            end
            redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
          end
          for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
            orders[#orders + 1] = string.match(value, '^%d+ (.*)$')
          end
          return orders
          """);

  private final ScriptRunner redis;
  private final List<String> keys;
  private String malformed = ""; // the last one, told once

  public RedisOverrides(ScriptRunner redis, String prefix) {
    this.redis = redis;
    this.keys = List.of(prefix + ":limit-overrides:{all}");
  }

  @Override
  public Future<List<LimitOverride>> all() {
    return redis.run(SCRIPT, keys, arguments("", "")).map(this::orders);
  }

  @Override
  public Future<List<LimitOverride>> put(LimitOverride order) {
    return change(
        field(order.policy(), order.subject()),
        order.untilEpochMillis() + " " + order.toJson().encode());
  }

  @Override
  public Future<List<LimitOverride>> remove(String policy, String subject) {
    return change(field(policy, subject), "");
  }

  private static String field(String policy, String subject) {
    return policy + " " + subject;
  }

  /** Beyond the deadline: an operator waits rather than hear that what holds has failed. */
  private Future<List<LimitOverride>> change(String field, String value) {
    return redis.send(SCRIPT, keys, arguments(field, value)).map(this::orders);
  }

  private static List<String> arguments(String field, String value) {
    return List.of(field, value, Integer.toString(Overrides.MOST));
  }

  private List<LimitOverride> orders(Response answer) {
    if (answer.type() == ResponseType.NUMBER) {
      throw new TooMany();
    }
    List<LimitOverride> orders = new ArrayList<>();
    for (Response each : answer) {
      String text = each.toString();
      try {
        orders.add(LimitOverride.of(new JsonObject(text)));
      } catch (RuntimeException notAnOrder) {
        passOver(text);
      }
    }
    return orders;
  }

  /** The others hold all the same. */
  private void passOver(String text) {
    if (!text.equals(malformed)) {
      malformed = text;
      LOG.atWarn().addKeyValue("order", text).log("an override in Redis cannot be read");
    }
  }
}
