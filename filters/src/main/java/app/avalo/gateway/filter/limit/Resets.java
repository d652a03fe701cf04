package app.avalo.gateway.filter.limit;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Tells other gateways of buckets that an operator has filled up, and hears of theirs: each looks
 * every two seconds. Who was away from Redis for ten minutes has missed some. Control loop.
 */
public final class Resets {
  private static final Duration EVERY = Duration.ofSeconds(2);
  private static final Script SCRIPT =
      Script.of(
          "limit-resets",
          """
          -- KEYS[1] sorted set: <policy> <key> by when it was filled up, microseconds since 1970
          -- ARGV[1] since when to tell; ARGV[2] one that is filled up now, or ''
          -- Returns the time, then those since; of the last ten minutes, a thousand at most.
          local time = redis.call('TIME')
          local now = string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2]))
          local answer = {now}
          for _, filled in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], now)) do
            answer[#answer + 1] = filled
          end
          if ARGV[2] ~= '' then
            redis.call('ZADD', KEYS[1], now, ARGV[2])
            redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - 600000000))
            redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1001)
            redis.call('PEXPIRE', KEYS[1], 600000)
          end
          return answer
          """);

  private final ScriptRunner redis;
  private final List<String> keys;
  private final BiConsumer<String, String> heard;
  private String sinceMicros = "+inf"; // by the clock of Redis; nobody knew anything before

  /**
   * Has heard of nothing yet.
   *
   * @param heard is given the policy and the key that another gateway was told to fill up, once
   */
  public Resets(ScriptRunner redis, String prefix, BiConsumer<String, String> heard) {
    this.redis = redis;
    this.keys = List.of(prefix + ":limit-resets:{all}");
    this.heard = heard;
  }

  /** Looks now, and again every two seconds. */
  public void start() {
    look().onComplete(looked -> redis.timers().after(EVERY, this::start));
  }

  Future<Void> look() {
    return redis.run(SCRIPT, keys, List.of(sinceMicros, "")).map(this::hear);
  }

  /** Beyond the deadline, as an operator waits. */
  Future<Void> tell(String policy, String key) {
    return redis.send(SCRIPT, keys, List.of(sinceMicros, policy + " " + key)).map(this::hear);
  }

  private Void hear(Response answer) {
    sinceMicros = answer.get(0).toString();
    for (int i = 1; i < answer.size(); i++) {
      String[] filled = answer.get(i).toString().split(" ", 2);
      if (filled.length == 2) {
        heard.accept(filled[0], filled[1]);
      }
    }
    return null;
  }
}
