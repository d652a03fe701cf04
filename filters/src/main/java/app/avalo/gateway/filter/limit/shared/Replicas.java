package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Counts the gateways that share a Redis: each leaves its word once a second and is forgotten after
 * five. What is counted last holds while Redis does not answer. One event loop.
 */
public final class Replicas {
  private static final Duration EVERY = Duration.ofSeconds(1);
  private static final Script COUNT =
      Script.of(
          "replicas",
          """
          -- Who was here in the last 5 s. ARGV[1] a gateway, ARGV[2] '1' when it leaves.
          local time = redis.call('TIME')
          local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
          redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 5000)
          if ARGV[2] == '1' then
            redis.call('ZREM', KEYS[1], ARGV[1])
          else
            redis.call('ZADD', KEYS[1], now, ARGV[1])
          end
          redis.call('PEXPIRE', KEYS[1], 10000)
          return redis.call('ZCARD', KEYS[1])
          """);

  private final ScriptRunner redis;
  private final String key;
  private final IntConsumer counted;
  private final String self = Long.toHexString(new SecureRandom().nextLong());
  private boolean left;

  private Replicas(ScriptRunner redis, String prefix, IntConsumer counted) {
    this.redis = redis;
    this.key = prefix + ":gateways:{all}";
    this.counted = counted;
  }

  /** Starts counting. */
  public static Replicas count(ScriptRunner redis, String prefix, IntConsumer counted) {
    Replicas replicas = new Replicas(redis, prefix, counted);
    replicas.tell();
    return replicas;
  }

  private void tell() {
    if (!left) {
      run("").onSuccess(counted::accept);
      redis.timers().after(EVERY, this::tell);
    }
  }

  /** Goes: the others need not wait until it is forgotten. */
  public void leave() {
    left = true;
    run("1");
  }

  private Future<Integer> run(String leaving) {
    return redis.run(COUNT, List.of(key), List.of(self, leaving)).map(count -> count.toInteger());
  }
}
