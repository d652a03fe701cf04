package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.limit.LocalBuckets.LocalBucket;
import app.avalo.gateway.filter.redis.ScriptRunner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes a token from the bucket of every policy that applies, or refuses with 429. A request that
 * is refused pays nothing: what other buckets gave is given back. A WebSocket counts once, when it
 * opens.
 *
 * <p>While all buckets are local the decision is made at once, without a future or a key being
 * allocated; with shared ones a {@link Round} waits for Redis.
 */
public final class LimitFilter implements Filter {
  private final Limits limits;
  private final @Nullable SharedBuckets shared;
  // Used and emptied within one call, hence kept; one event loop.
  private final BucketKey probe = new BucketKey();
  private LocalBucket[] taken = new LocalBucket[8];
  private LimitVerdict[] said = new LimitVerdict[8];

  /**
   * A filter for one event loop.
   *
   * @param limits of the process
   * @param redis of this loop, or null to keep all buckets in the process
   * @param prefix of keys in Redis
   */
  public LimitFilter(Limits limits, @Nullable ScriptRunner redis, String prefix) {
    this.limits = limits;
    this.shared = redis == null ? null : new SharedBuckets(redis, prefix);
  }

  @Override
  public void request(Exchange exchange, Next next) {
    var target = exchange.target();
    List<LimitConfig> policies = target != null ? target.limits() : exchange.route().limits();
    if (policies.isEmpty()) {
      next.proceed(exchange);
    } else if (exchange.explaining() || shared != null && anyShared(policies)) {
      new Round(limits, shared, exchange, next).ask(policies);
    } else {
      decideHere(exchange, policies, next);
    }
  }

  private static boolean anyShared(List<LimitConfig> policies) {
    for (int i = 0; i < policies.size(); i++) {
      if (policies.get(i).scope() == LimitConfig.Scope.SHARED) {
        return true;
      }
    }
    return false;
  }

  private void decideHere(Exchange exchange, List<LimitConfig> policies, Next next) {
    if (taken.length < policies.size()) {
      taken = new LocalBucket[policies.size()];
      said = new LimitVerdict[policies.size()];
    }
    int asked = 0;
    boolean refused = false;
    for (int i = 0; i < policies.size(); i++) {
      LimitConfig policy = policies.get(i);
      Bandwidth bandwidth = BucketKey.bandwidth(policy, exchange.caller());
      if (bandwidth != null && probe.fill(policy, exchange)) {
        LocalBucket bucket = limits.local().bucket(probe, bandwidth);
        LimitVerdict verdict = bucket.take(policy, bandwidth, false);
        taken[asked] = bucket;
        said[asked++] = verdict;
        refused |= refuses(verdict);
      }
    }
    if (refused) {
      giveBack(asked);
    }
    List<LimitVerdict> verdicts = verdicts(asked);
    settle(limits, exchange, verdicts, next);
  }

  /** A fresh list, as the exchange outlives this call; the arrays drop what they held. */
  private List<LimitVerdict> verdicts(int asked) {
    List<LimitVerdict> verdicts =
        asked == 1 ? List.of(said[0]) : List.of(Arrays.copyOf(said, asked));
    Arrays.fill(said, 0, asked, null);
    Arrays.fill(taken, 0, asked, null);
    return verdicts;
  }

  private void giveBack(int asked) {
    for (int i = 0; i < asked; i++) {
      if (said[i].allowed()) {
        taken[i].giveBack(said[i].policy());
        said[i] = returned(said[i]);
      }
    }
  }

  /** What a bucket says once the cost is back in it. */
  static LimitVerdict returned(LimitVerdict given) {
    LimitConfig policy = given.policy();
    Bandwidth bandwidth = given.bandwidth();
    return new LimitVerdict(
        policy,
        bandwidth,
        true,
        Math.min(bandwidth.burst(), given.remaining() + policy.cost()),
        0,
        Math.max(0, given.resetNanos() - policy.cost() * bandwidth.rate().nanosPerEvent()),
        given.degraded());
  }

  static boolean refuses(LimitVerdict verdict) {
    return !verdict.allowed() && !verdict.policy().shadow();
  }

  /**
   * Lets the exchange pass or answers it, once all verdicts are known. Of several refusals the
   * longest counts: who comes back after it is not refused again.
   */
  static void settle(Limits limits, Exchange exchange, List<LimitVerdict> verdicts, Next next) {
    LimitVerdict longest = null;
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      if (refuses(verdict)
          && (longest == null || verdict.retryAfterNanos() > longest.retryAfterNanos())) {
        longest = verdict;
      }
    }
    if (longest == null) {
      for (int i = 0; i < verdicts.size() && !exchange.explaining(); i++) {
        limits.count(verdicts.get(i));
      }
      exchange.limits(verdicts);
      next.proceed(exchange);
      return;
    }
    List<LimitVerdict> ordered = new ArrayList<>(verdicts);
    ordered.remove(longest);
    ordered.add(longest);
    exchange.limits(ordered);
    if (!exchange.explaining()) {
      limits.count(longest);
    }
    next.reply(exchange, Reply.Local.of(Round.tooMany(longest)));
  }

  @Override
  public void response(Exchange exchange, Reply reply) {
    List<LimitVerdict> verdicts = exchange.limits();
    if (!verdicts.isEmpty()) {
      RateLimitFields.write(verdicts, reply.headers());
    }
  }
}
