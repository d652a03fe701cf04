package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.LimitConfig.OnStoreDown;
import app.avalo.gateway.config.LimitConfig.Scope;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One exchange asking several buckets, some of them in Redis. First come the answers that need no
 * wait: refusals remembered from Redis and local buckets; only if those let it pass are the shared
 * buckets asked, all at once, so that the wait is one round trip. An exchange that explains asks
 * all of them and takes nothing.
 */
final class Round {
  private final Limits limits;
  private final @Nullable SharedBuckets shared;
  private final Exchange exchange;
  private final Next next;
  private final boolean looking;
  private final List<Ask> asks = new ArrayList<>(4);
  private int waiting;

  Round(Limits limits, @Nullable SharedBuckets shared, Exchange exchange, Next next) {
    this.limits = limits;
    this.shared = shared;
    this.exchange = exchange;
    this.next = next;
    this.looking = exchange.explaining();
  }

  /** One bucket and what became of it. */
  private static final class Ask {
    final LimitConfig policy;
    final Bandwidth bandwidth;
    final BucketKey key;
    @Nullable BucketStore from; // where tokens may have been taken
    @Nullable LimitVerdict verdict;
    boolean closed; // the store is down and nobody may pass

    Ask(LimitConfig policy, Bandwidth bandwidth, BucketKey key) {
      this.policy = policy;
      this.bandwidth = bandwidth;
      this.key = key;
    }
  }

  void ask(List<LimitConfig> policies) {
    for (int i = 0; i < policies.size(); i++) {
      LimitConfig policy = policies.get(i);
      Bandwidth bandwidth = BucketKey.bandwidth(policy, exchange.caller());
      BucketKey key = new BucketKey();
      if (bandwidth != null && key.fill(policy, exchange)) {
        asks.add(new Ask(policy, bandwidth, key));
      }
    }
    boolean refused = false;
    for (int i = 0; i < asks.size(); i++) {
      refused |= answerHere(asks.get(i));
    }
    if (refused && !looking) {
      decide();
    } else {
      askRedis();
    }
  }

  /** Whether the answer is known here, and is no. */
  private boolean answerHere(Ask ask) {
    if (shared == null || ask.policy.scope() == Scope.LOCAL) {
      askLocal(ask, false);
    } else if (!looking) {
      ask.verdict = limits.remembered(ask.key, ask.bandwidth);
    }
    return ask.verdict != null && LimitFilter.refuses(ask.verdict);
  }

  private void askLocal(Ask ask, boolean degraded) {
    LocalBuckets local = limits.local();
    if (looking) {
      ask.verdict = local.peekNow(ask.key, ask.policy, ask.bandwidth, degraded);
    } else {
      ask.from = local;
      ask.verdict = local.bucket(ask.key, ask.bandwidth).take(ask.policy, ask.bandwidth, degraded);
    }
  }

  private void askRedis() {
    waiting = 1; // this method, so that answers that come at once do not decide early
    for (int i = 0; i < asks.size(); i++) {
      Ask ask = asks.get(i);
      if (ask.verdict == null && shared != null) {
        waiting++;
        var answer =
            looking
                ? shared.peek(ask.key, ask.policy, ask.bandwidth)
                : shared.take(ask.key, ask.policy, ask.bandwidth);
        answer.onComplete((verdict, failure) -> answered(ask, verdict, failure));
      }
    }
    oneLess();
  }

  private void answered(Ask ask, @Nullable LimitVerdict verdict, @Nullable Throwable failure) {
    if (failure == null && verdict != null) {
      ask.from = shared;
      ask.verdict = verdict;
      if (!verdict.allowed() && !looking) {
        limits.remember(ask.key, verdict);
      }
    } else {
      withoutStore(ask);
    }
    oneLess();
  }

  private void withoutStore(Ask ask) {
    if (ask.policy.onStoreDown() == OnStoreDown.LOCAL) {
      askLocal(ask, true);
      return;
    }
    boolean open = ask.policy.onStoreDown() == OnStoreDown.OPEN;
    ask.closed = !open && !ask.policy.shadow();
    long remaining = open ? ask.bandwidth.burst() : 0;
    ask.verdict = new LimitVerdict(ask.policy, ask.bandwidth, open, remaining, 0, 0, true);
  }

  private void oneLess() {
    if (--waiting == 0) {
      decide();
    }
  }

  private void decide() {
    boolean refused = false;
    Ask closed = null;
    for (int i = 0; i < asks.size(); i++) {
      Ask ask = asks.get(i);
      refused |= ask.verdict != null && LimitFilter.refuses(ask.verdict);
      closed = ask.closed ? ask : closed;
    }
    List<LimitVerdict> verdicts = new ArrayList<>(asks.size());
    for (int i = 0; i < asks.size(); i++) {
      Ask ask = asks.get(i);
      if (ask.verdict != null) {
        verdicts.add(refused ? giveBack(ask, ask.verdict) : ask.verdict);
      }
    }
    if (looking) {
      explain();
    }
    if (closed != null && closed.verdict != null) {
      exchange.limits(verdicts);
      if (!looking) {
        limits.count(closed.verdict);
      }
      next.reply(exchange, Reply.Local.of(storeDown(closed.policy)));
    } else {
      LimitFilter.settle(limits, exchange, verdicts, next);
    }
  }

  private LimitVerdict giveBack(Ask ask, LimitVerdict verdict) {
    if (ask.from == null || !verdict.allowed()) {
      return verdict;
    }
    ask.from.giveBack(ask.key, ask.policy, ask.bandwidth);
    return LimitFilter.returned(verdict);
  }

  static GatewayError tooMany(LimitVerdict refusal) {
    String detail =
        "The limit of "
            + refusal.bandwidth().rate()
            + (refusal.bandwidth().burst() == refusal.bandwidth().rate().count()
                ? ""
                : ", burst " + refusal.bandwidth().burst())
            + " is used up";
    return new GatewayError(
        GatewayError.Kind.LIMITED,
        refusal.policy().name(),
        detail,
        RateLimitFields.ceilSeconds(refusal.retryAfterNanos()));
  }

  private static GatewayError storeDown(LimitConfig policy) {
    return new GatewayError(
        GatewayError.Kind.STORE_DOWN, policy.name(), "The limit cannot be checked now", 1);
  }

  private void explain() {
    Explanation explanation = exchange.explanation();
    if (explanation == null) {
      return;
    }
    for (Ask ask : asks) {
      LimitVerdict verdict = ask.verdict;
      if (verdict != null) {
        explanation.add("limit", word(ask, verdict), facts(ask, verdict));
      }
    }
  }

  private static String word(Ask ask, LimitVerdict verdict) {
    if (verdict.allowed()) {
      return "allowed";
    }
    if (ask.policy.shadow()) {
      return "would be refused, but is in shadow mode";
    }
    return ask.closed ? "refused, as the shared store is down" : "refused";
  }

  private static Map<String, Object> facts(Ask ask, LimitVerdict verdict) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("policy", ask.policy.name());
    facts.put("key", kind(ask.policy.key()));
    facts.put("remaining", verdict.remaining());
    facts.put("capacity", ask.bandwidth.burst());
    facts.put("resetSeconds", verdict.resetNanos() / 1_000_000_000L);
    if (!verdict.allowed()) {
      facts.put("retryAfterSeconds", RateLimitFields.ceilSeconds(verdict.retryAfterNanos()));
    }
    if (verdict.degraded()) {
      facts.put("degraded", true);
    }
    return facts;
  }

  private static String kind(List<KeyPart> parts) {
    StringBuilder text = new StringBuilder();
    for (KeyPart part : parts) {
      text.append(text.isEmpty() ? "" : " + ");
      text.append(part.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
    return text.toString();
  }
}
