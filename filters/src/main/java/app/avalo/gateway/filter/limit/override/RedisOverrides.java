package app.avalo.gateway.filter.limit.override;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Overrides in one hash of Redis, for all gateways. What a gateway has seen there and finds no more
 * before its time, it says again, as a Redis that starts anew, or takes over from another, may have
 * forgotten it; of several words about one caller the last counts. Whoever is ended leaves a mark
 * until it would have ended anyway, so that nobody who missed the end says it again.
 */
public final class RedisOverrides implements OverrideStore {
  private static final Logger LOG = LoggerFactory.getLogger(RedisOverrides.class);
  private static final Script SCRIPT =
      Script.of(
          "limit-overrides",
          """
          -- KEYS[1] hash: <policy> <subject> -> <until, milliseconds since 1970> {"at":<likewise, when
          --   it was ordered>,<order>}; or no more than {"at":<when it was ended>}
          -- ARGV[1] most orders, and most marks of those that were ended
          -- ARGV[2] 'look'; 'put' with a field and its value without "at"; 'end' with a field; 'again'
          --   with fields and values that were here before
          -- Returns fields and values of all; or -1 when there are too many.
          local time = redis.call('TIME')
          local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
          local function number(value, pattern)
            return tonumber(string.match(value, pattern) or '') or 0
          end
          local function over(value) return number(value, '^(%d+) ') <= now end
          local function at(value) return number(value, '^%d+ {"at":(%d+)') end
          local function ended(value) return string.match(value, '^%d+ {"at":%d+}$') ~= nil end
          local known, orders, marks, soonest = {}, 0, 0, nil
          local function count(value, by)
            if ended(value) then marks = marks + by else orders = orders + by end
          end
          local function drop(field)
            if known[field] then count(known[field], -1) end
            known[field] = nil
            redis.call('HDEL', KEYS[1], field)
          end
          local function keep(field, value)
            if known[field] then count(known[field], -1) end
            count(value, 1)
            known[field] = value
            redis.call('HSET', KEYS[1], field, value)
          end
          local all = redis.call('HGETALL', KEYS[1])
          for i = 1, #all, 2 do
            local field, value = all[i], all[i + 1]
            if over(value) then
              drop(field)
            else
              known[field] = value
              count(value, 1)
              if ended(value) and (not soonest or number(value, '^(%d+)') < number(known[soonest], '^(%d+)')) then
                soonest = field
              end
            end
          end
          local function room(field, value)
            local like = known[field] and ended(known[field]) == ended(value)
            return like or (ended(value) and marks or orders) < tonumber(ARGV[1])
          end
          local field, value = ARGV[3], ARGV[4]
          local before = field and known[field]
          local stamp = string.format('%.0f', math.max(now, before and at(before) + 1 or 0))
          if ARGV[2] == 'put' then
            if not room(field, value) then return -1 end
            keep(field, (string.gsub(value, '{', '{"at":' .. stamp .. ',', 1)))
          elseif ARGV[2] == 'end' and before and not ended(before) then
            if marks >= tonumber(ARGV[1]) then drop(soonest) end
            keep(field, string.match(before, '^%d+') .. ' {"at":' .. stamp .. '}')
          elseif ARGV[2] == 'again' then
            for i = 3, #ARGV, 2 do
              local field, value = ARGV[i], ARGV[i + 1]
              local newer = not known[field] or at(value) > at(known[field])
              if newer and not over(value) and room(field, value) then keep(field, value) end
            end
          end
          local answer = {}
          for field, value in pairs(known) do
            answer[#answer + 1] = field
            answer[#answer + 1] = value
          end
          return answer
          """);

  private final ScriptRunner redis;
  private final List<String> keys;
  private Map<String, String> known = Map.of(); // by field, as Redis said last
  private String malformed = ""; // the last one, told once

  public RedisOverrides(ScriptRunner redis, String prefix) {
    this.redis = redis;
    this.keys = List.of(prefix + ":limit-overrides:{all}");
  }

  @Override
  public Future<List<LimitOverride>> all() {
    return redis.run(SCRIPT, keys, arguments("look", List.of())).compose(this::heard);
  }

  @Override
  public Future<List<LimitOverride>> put(LimitOverride order) {
    return change(
        "put",
        field(order.policy(), order.subject()),
        order.untilEpochMillis() + " " + order.toJson().encode());
  }

  @Override
  public Future<List<LimitOverride>> remove(String policy, String subject) {
    return change("end", field(policy, subject));
  }

  private static String field(String policy, String subject) {
    return policy + " " + subject;
  }

  /** Beyond the deadline: an operator waits rather than hear that what holds has failed. */
  private Future<List<LimitOverride>> change(String what, String... words) {
    return redis.send(SCRIPT, keys, arguments(what, List.of(words))).compose(this::heard);
  }

  private static List<String> arguments(String what, List<String> words) {
    List<String> arguments = new ArrayList<>(2 + words.size());
    arguments.add(Integer.toString(Overrides.MOST));
    arguments.add(what);
    arguments.addAll(words);
    return arguments;
  }

  private Future<List<LimitOverride>> heard(Response answer) {
    Map<String, String> said = said(answer);
    List<String> forgotten = new ArrayList<>();
    known.forEach(
        (field, value) -> {
          String now = said.get(field);
          if (now == null || !now.equals(value) && at(value) > at(now)) {
            forgotten.add(field);
            forgotten.add(value);
          }
        });
    if (forgotten.isEmpty()) {
      known = said;
      return Future.succeededFuture(orders());
    }
    // Until Redis has heard it, what it said holds, and beside it what is known better here.
    for (int i = 0; i < forgotten.size(); i += 2) {
      said.put(forgotten.get(i), forgotten.get(i + 1));
    }
    known = said;
    return redis
        .send(SCRIPT, keys, arguments("again", forgotten))
        .onSuccess(again -> said(again, forgotten))
        .transform((again, failure) -> Future.succeededFuture(orders()));
  }

  private void said(Response again, List<String> forgotten) {
    known = said(again);
    int told = 0;
    for (int i = 0; i < forgotten.size(); i += 2) {
      told += forgotten.get(i + 1).equals(known.get(forgotten.get(i))) ? 1 : 0;
    }
    // Else they were over by its clock only.
    if (told > 0) {
      LOG.atWarn().addKeyValue("overrides", told).log("Redis has forgotten overrides, told again");
    }
  }

  private static Map<String, String> said(Response answer) {
    if (answer.type() == ResponseType.NUMBER) {
      throw new TooMany();
    }
    Map<String, String> said = new LinkedHashMap<>();
    for (int i = 0; i < answer.size(); i += 2) {
      said.put(answer.get(i).toString(), answer.get(i + 1).toString());
    }
    return said;
  }

  private static JsonObject json(String value) {
    return new JsonObject(value.substring(value.indexOf(' ') + 1));
  }

  /** When it was said; 0 of what cannot be read, or was put by a release that did not tell. */
  private static long at(String value) {
    try {
      return json(value).getLong("at", 0L);
    } catch (RuntimeException notAnOrder) {
      return 0;
    }
  }

  private List<LimitOverride> orders() {
    List<LimitOverride> orders = new ArrayList<>();
    for (String value : known.values()) {
      try {
        JsonObject json = json(value);
        if (json.size() > 1) {
          orders.add(LimitOverride.of(json));
        }
      } catch (RuntimeException notAnOrder) {
        passOver(value);
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
