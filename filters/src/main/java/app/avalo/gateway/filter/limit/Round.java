package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.LimitVerdict.Terms;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Buckets;
import app.avalo.gateway.filter.limit.bucket.Buckets.Said;
import app.avalo.gateway.filter.limit.bucket.Here;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import io.vertx.core.Completable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One exchange asking several buckets, some of them in Redis. First come the answers that need no
 * wait; only if those let it pass are the others asked, all at once, so that the wait is one round
 * trip. An exchange that explains asks all of them and takes nothing.
 */
final class Round {
  private final Exchange exchange;
  private final Next next;
  private final boolean looking;
  private final Reading reading = new Reading();
  private final List<Ask> asks = new ArrayList<>(4);
  private int waiting;

  Round(Exchange exchange, Next next) {
    this.exchange = exchange;
    this.next = next;
    this.looking = exchange.explaining();
  }

  /** One bucket and what became of it. */
  private final class Ask implements Completable<Reading> {
    final Tier tier;
    final BucketKey key;
    final long tokens;
    @Nullable Buckets from; // where tokens may have been taken
    @Nullable LimitVerdict verdict;

    Ask(Tier tier, BucketKey key, long tokens) {
      this.tier = tier;
      this.key = key;
      this.tokens = tokens;
    }

    LimitConfig policy() {
      return tier.rule.policy;
    }

    @Override
    public void complete(@Nullable Reading said, @Nullable Throwable failure) {
      if (said == null) {
        withoutStore(this, failure);
      } else {
        from = looking ? null : tier.buckets;
        verdict = looking ? tier.verdict(said, tier.rule.by) : tier.decided(key, said);
      }
      oneLess();
    }

    boolean closed() {
      return verdict != null && verdict.by() == By.CLOSED && !policy().shadow();
    }
  }

  /** Asks one bucket, of which nothing can be said here. */
  void ask(Tier tier, BucketKey key) {
    asks.add(new Ask(tier, key, tier.tokens(exchange)));
    askOthers();
  }

  void ask(Rule[] rules) {
    for (Rule rule : rules) {
      Tier tier = rule.tier(exchange);
      if (tier != null && rule.probe.fill(rule.policy, tier.name, exchange)) {
        asks.add(new Ask(tier, rule.probe.copy(), tier.tokens(exchange)));
      }
    }
    boolean refused = false;
    for (int i = 0; i < asks.size() && !looking; i++) {
      refused |= answerHere(asks.get(i));
    }
    if (refused) {
      decide();
    } else {
      askOthers();
    }
  }

  /** Whether the answer is known here, and is no. */
  private boolean answerHere(Ask ask) {
    if (shutOut(ask)) {
      return LimitFilter.refuses(ask.verdict);
    }
    Buckets buckets = ask.tier.buckets;
    if (buckets.take(ask.key, ask.tokens, reading) == Said.LATER) {
      return false;
    }
    ask.from = buckets;
    ask.verdict = ask.tier.verdict(reading, ask.tier.rule.by);
    return LimitFilter.refuses(ask.verdict);
  }

  private static boolean shutOut(Ask ask) {
    long nanos = ask.tier.rule.shutNanos(ask.key);
    if (nanos > 0) {
      ask.verdict = ask.tier.shutOut(nanos);
    }
    return nanos > 0;
  }

  private void askOthers() {
    waiting = 1; // this method, so that answers that come at once do not decide early
    for (int i = 0; i < asks.size(); i++) {
      Ask ask = asks.get(i);
      if (ask.verdict == null && !(looking && shutOut(ask))) {
        waiting++;
        Buckets buckets = ask.tier.buckets;
        if (looking) {
          buckets.peek(ask.key, ask.tokens).onComplete(ask);
        } else {
          buckets.ask(ask.key, ask.tokens, ask);
        }
      }
    }
    oneLess();
  }

  private void withoutStore(Ask ask, @Nullable Throwable failure) {
    switch (ask.policy().onStoreDown()) {
      case LOCAL_SHARE -> {
        Here share = ask.tier.share();
        if (looking) {
          share.buckets().peek(ask.key, share.shape(), ask.tokens, reading);
        } else if (!(late(failure) && ask.tier.buckets.scarce(ask.key, ask.tokens, reading))) {
          share.take(ask.key, ask.tokens, reading);
          ask.from = share;
          if (reading.allowed()) {
            ask.tier.buckets.owe(ask.key, ask.tokens);
          }
        }
        ask.verdict = ask.tier.verdict(reading, By.LOCAL_SHARE);
      }
      case OPEN -> ask.verdict = undecided(ask.tier, By.OPEN);
      case CLOSED -> ask.verdict = undecided(ask.tier, By.CLOSED);
    }
  }

  private static boolean late(@Nullable Throwable failure) {
    return failure instanceof StoreUnavailable known && known.late();
  }

  private static LimitVerdict undecided(Tier tier, By by) {
    Terms terms = tier.terms(by, 0);
    boolean open = by == By.OPEN;
    long remaining = open ? terms.bandwidth().burst() : 0;
    return new LimitVerdict(terms, open, remaining, 0, 0, LimitVerdict.UNTOLD);
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
      closed = ask.closed() ? ask : closed;
    }
    List<LimitVerdict> verdicts = new ArrayList<>(asks.size());
    LimitVerdict longest = null;
    for (int i = 0; i < asks.size(); i++) {
      Ask ask = asks.get(i);
      if (ask.verdict != null) {
        LimitVerdict verdict = refused ? giveBack(ask, ask.verdict) : ask.verdict;
        verdicts.add(verdict);
        longest = LimitFilter.longer(longest, verdict);
      }
    }
    if (looking) {
      explain();
    }
    if (closed != null && closed.verdict != null) {
      count(closed.verdict);
      exchange.limits(verdicts);
      next.reply(exchange, Reply.Local.of(storeDown(closed.policy())));
    } else {
      count(longest);
      LimitFilter.settle(exchange, verdicts, longest, isUnsettled(), next);
    }
  }

  private boolean isUnsettled() {
    for (int i = 0; i < asks.size(); i++) {
      if (asks.get(i).tier.rule.unsettled) {
        return true;
      }
    }
    return false;
  }

  /** Of who is refused only what refuses him. */
  private void count(@Nullable LimitVerdict refusal) {
    for (int i = 0; i < asks.size() && !looking; i++) {
      Ask ask = asks.get(i);
      if (ask.verdict != null && (refusal == null || refusal == ask.verdict)) {
        ask.tier.rule.tally.add(ask.verdict);
      }
    }
  }

  private LimitVerdict giveBack(Ask ask, LimitVerdict verdict) {
    if (ask.from == null || !verdict.allowed()) {
      return verdict;
    }
    ask.from.giveBack(ask.key, ask.tokens);
    if (verdict.by() == By.LOCAL_SHARE) {
      ask.tier.buckets.owe(ask.key, -ask.tokens);
    }
    return LimitFilter.returned(verdict, ask.tokens);
  }

  static GatewayError tooMany(LimitVerdict refusal, Exchange exchange) {
    Bandwidth bandwidth = refusal.bandwidth();
    String limit =
        "The limit of "
            + bandwidth.rate()
            + (bandwidth.burst() == bandwidth.rate().count() ? "" : ", burst " + bandwidth.burst())
            + " per "
            + refusal.policy().partition();
    Priority priority = Rule.priority(exchange);
    String detail;
    if (refusal.by() == By.TIME_OUT) {
      detail = "Shut out for going on after refusals; each time it is longer";
    } else if (refusal.by() == By.LOCAL_SHARE) {
      detail = limit + " cannot be checked now, and what may pass unchecked is used up";
    } else if (refusal.policy().reserve().containsKey(priority)) {
      detail =
          limit
              + " is used up but for what is kept for priorities above "
              + priority.name().toLowerCase(Locale.ROOT);
    } else {
      detail = limit + " is used up";
    }
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
    if (ask.policy().shadow()) {
      return "would be refused, but is in shadow mode";
    }
    return ask.closed() ? "refused, as the shared store is down" : "refused";
  }

  private static Map<String, Object> facts(Ask ask, LimitVerdict verdict) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("policy", ask.policy().name());
    facts.put("key", ask.policy().partition());
    if (!verdict.by().isNobody()) {
      facts.put("remaining", verdict.remaining());
    }
    if (ask.tier.allowance.bandwidths().size() > 1) {
      facts.put("rate", verdict.bandwidth().rate().toString());
    }
    facts.put("capacity", verdict.bandwidth().burst());
    if (!verdict.by().isNobody()) {
      facts.put("resetSeconds", verdict.resetNanos() / 1_000_000_000L);
    }
    if (!verdict.allowed()) {
      facts.put("retryAfterSeconds", RateLimitFields.ceilSeconds(verdict.retryAfterNanos()));
    }
    if (verdict.by().degraded()) {
      facts.put("degraded", true);
    }
    return facts;
  }
}
