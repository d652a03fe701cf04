package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Source;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets.Said;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes a token from the bucket of every policy that applies, or refuses with 429. A request that
 * is refused pays nothing: what other buckets gave is given back. A WebSocket counts once, when it
 * opens.
 *
 * <p>As long as all that is asked can be said here, the decision is made at once, without a future
 * or a key being allocated; else a {@link Round} waits for Redis.
 */
public final class LimitFilter implements Filter {
  private final Rules rules;
  private final Settlement settlement;
  // Used and emptied within one call, hence kept; one event loop.
  private final Reading reading = new Reading();
  private final RateLimitFields fields = new RateLimitFields();
  private Tier[] taken = new Tier[8];
  private LimitVerdict[] said = new LimitVerdict[8];

  /**
   * A filter for one event loop.
   *
   * @param limits of the process
   * @param redis of this loop, or null to keep all buckets in the process
   * @param prefix of keys in Redis
   */
  public LimitFilter(Limits limits, @Nullable ScriptRunner redis, String prefix) {
    this.rules = new Rules(limits, redis, prefix);
    this.settlement = new Settlement(rules);
  }

  @Override
  public void request(Exchange exchange, Next next) {
    var target = exchange.target();
    List<LimitConfig> policies = target != null ? target.limits() : exchange.route().limits();
    if (policies.isEmpty()) {
      next.proceed(exchange);
      return;
    }
    Rule[] asked = rules.of(exchange, policies);
    if (asked.length == 1 && !exchange.explaining()) {
      decide(exchange, asked[0], next);
    } else if (exchange.explaining() || !decideHere(exchange, asked, next)) {
      new Round(exchange, next).ask(asked);
    }
  }

  /** As with several rules, of which nothing has to be kept meanwhile, nor anything given back. */
  private void decide(Exchange exchange, Rule rule, Next next) {
    Tier tier = rule.tier(exchange);
    if (tier != null && rule.probe.fill(rule.policy, tier.name, exchange)) {
      LimitVerdict verdict = here(tier, exchange);
      if (verdict == null) {
        new Round(exchange, next).ask(tier, rule.probe.copy());
        return;
      }
      rule.tally.add(verdict);
      if (refuses(verdict)) {
        refuse(exchange, List.of(verdict), verdict, next);
        return;
      }
      exchange.limit(verdict);
      if (rule.unsettled) {
        exchange.settledByAnswer();
      }
    }
    next.proceed(exchange);
  }

  /** Whether everything could be said here; if not, nothing has been taken. */
  private boolean decideHere(Exchange exchange, Rule[] asked, Next next) {
    if (taken.length < asked.length) {
      taken = new Tier[asked.length];
      said = new LimitVerdict[asked.length];
    }
    int count = 0;
    boolean refused = false;
    boolean later = false;
    boolean unsettled = false;
    for (int i = 0; i < asked.length; i++) {
      Rule rule = asked[i];
      Tier tier = rule.tier(exchange);
      if (tier != null && rule.probe.fill(rule.policy, tier.name, exchange)) {
        LimitVerdict verdict = here(tier, exchange);
        if (verdict == null) {
          later = true;
        } else {
          unsettled |= rule.unsettled;
          taken[count] = tier;
          said[count++] = verdict;
          refused |= refuses(verdict);
        }
      }
    }
    if (refused || later) {
      giveBack(exchange, count);
    }
    // Who is refused here need not wait for what others would say.
    boolean decided = refused || !later;
    LimitVerdict longest = refused ? longest(said, count) : null;
    for (int i = 0; i < count && decided; i++) {
      if (longest == null || longest == said[i]) {
        taken[i].rule.tally.add(said[i]);
      }
    }
    List<LimitVerdict> verdicts = verdicts(count);
    if (decided) {
      settle(exchange, verdicts, longest, unsettled, next);
    }
    return decided;
  }

  /** What can be said of the probed bucket without waiting, or null. */
  private @Nullable LimitVerdict here(Tier tier, Exchange exchange) {
    BucketKey probe = tier.rule.probe;
    long shut = tier.rule.shutNanos(probe);
    if (shut > 0) {
      return tier.shutOut(shut);
    }
    Said here = tier.buckets.take(probe, tier.tokens(exchange), reading);
    if (here == Said.LATER) {
      return null;
    }
    return tier.decided(probe, reading);
  }

  /** A fresh list, as the exchange outlives this call; the arrays drop what they held. */
  private List<LimitVerdict> verdicts(int count) {
    List<LimitVerdict> verdicts =
        count == 1 ? List.of(said[0]) : List.of(Arrays.copyOf(said, count));
    Arrays.fill(said, 0, count, null);
    Arrays.fill(taken, 0, count, null);
    return verdicts;
  }

  private void giveBack(Exchange exchange, int count) {
    for (int i = 0; i < count; i++) {
      LimitVerdict verdict = said[i];
      if (verdict.allowed()) {
        long tokens = taken[i].tokens(exchange);
        taken[i].buckets.untake(taken[i].rule.probe, tokens);
        said[i] = returned(verdict, tokens);
      }
    }
  }

  /** What a bucket says once the cost is back in it. */
  static LimitVerdict returned(LimitVerdict given, long tokens) {
    long back = tokens * given.bandwidth().rate().nanosPerEvent();
    return new LimitVerdict(
        given.terms(),
        true,
        Math.min(given.bandwidth().burst(), given.remaining() + tokens),
        0,
        Math.max(0, given.resetNanos() - back),
        LimitVerdict.UNTOLD);
  }

  static boolean refuses(LimitVerdict verdict) {
    return !verdict.allowed() && !verdict.policy().shadow();
  }

  /** Of several refusals the longest: who comes back after it is not refused again. */
  private static @Nullable LimitVerdict longest(LimitVerdict[] verdicts, int count) {
    LimitVerdict longest = null;
    for (int i = 0; i < count; i++) {
      longest = longer(longest, verdicts[i]);
    }
    return longest;
  }

  /** Of a refusal and what may be another one the longer. */
  static @Nullable LimitVerdict longer(@Nullable LimitVerdict refusal, LimitVerdict verdict) {
    boolean longer =
        refuses(verdict)
            && (refusal == null || verdict.retryAfterNanos() > refusal.retryAfterNanos());
    return longer ? verdict : refusal;
  }

  /**
   * Lets the exchange pass or answers it, once all verdicts are known.
   *
   * @param longest refusal among them, which is told, or null
   * @param unsettled whether one of the rules is to hear of the answer
   */
  static void settle(
      Exchange exchange,
      List<LimitVerdict> verdicts,
      @Nullable LimitVerdict longest,
      boolean unsettled,
      Next next) {
    if (longest == null) {
      exchange.limits(verdicts);
      if (unsettled) {
        exchange.settledByAnswer();
      }
      next.proceed(exchange);
      return;
    }
    refuse(exchange, verdicts, longest, next);
  }

  private static void refuse(
      Exchange exchange, List<LimitVerdict> verdicts, LimitVerdict longest, Next next) {
    List<LimitVerdict> ordered = new ArrayList<>(verdicts);
    ordered.remove(longest);
    ordered.add(longest);
    exchange.limits(ordered);
    next.reply(exchange, Reply.Local.of(Round.tooMany(longest, exchange)));
  }

  @Override
  public void response(Exchange exchange, Reply reply) {
    if (exchange.unsettled() && !(reply instanceof Reply.Local)) {
      settlement.answered(exchange, reply.headers());
    }
    if (exchange.limited()) {
      fields.tell(exchange, reply);
    }
  }

  @Override
  public void end(Exchange exchange) {
    if (!exchange.unsettled()) {
      return;
    }
    settlement.ended(exchange);
    List<LimitVerdict> verdicts = exchange.limits();
    for (int i = 0; i < verdicts.size() && exchange.wasSent(); i++) {
      LimitConfig policy = verdicts.get(i).policy();
      Rule rule = policy.follow() == null ? null : rules.settling(policy);
      if (rule != null) {
        follow(exchange, rule);
      }
    }
  }

  /** A client that leaves, or this gateway where it refuses, is no failure of the service. */
  private static void follow(Exchange exchange, Rule rule) {
    GatewayError error = exchange.error();
    boolean blameless = error != null && error.kind().source() != Source.UPSTREAM;
    long began = exchange.firstByteNanos();
    if (blameless && began == 0) {
      return;
    }
    long asked = exchange.askedNanos();
    long answered = began == 0 ? exchange.endNanos() : began;
    // An answer that came before the end of the upload kept nobody waiting.
    long nanos = asked == 0 ? 0 : Math.max(0, answered - asked);
    rule.answered(nanos, !blameless && (exchange.status() >= 500 || began == 0));
  }

  @Override
  public Future<Void> close() {
    return rules.close();
  }
}
