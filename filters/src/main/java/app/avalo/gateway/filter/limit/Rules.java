package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.limit.Limits.Filled;
import app.avalo.gateway.filter.limit.Limits.Tally;
import app.avalo.gateway.filter.limit.shared.LoopLink;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rules of one event loop, made when they are first used. A policy that a reload leaves as it
 * is keeps its rule, and with it the tokens that the loop holds. Of policies of one name only the
 * newest counts, whatever plan an exchange began under: a bucket has one shape at a time, and each
 * way back and forth would fill up what a reload has added to it.
 */
final class Rules {
  private final Limits limits;
  private final @Nullable LoopLink redis;
  private final Map<List<LimitConfig>, Rule[]> byPolicies = new IdentityHashMap<>();
  private @Nullable List<LimitConfig> last; // whose rules were asked for last, and those
  private Rule[] ofLast = {};
  private Map<String, Rule> rules = new HashMap<>();
  private final Map<String, Tally> tallies = new HashMap<>();
  private Map<String, LimitConfig> present = Map.of(); // those of the newest plan
  private @Nullable Plan plan;
  private long sinceNanos; // start of the exchange that brought the plan
  private Filled seen;

  Rules(Limits limits, @Nullable ScriptRunner redis, String prefix) {
    this.limits = limits;
    this.redis = redis == null ? null : new LoopLink(redis, prefix, limits.ticker());
    this.seen = limits.lastFilled();
  }

  /**
   * The rules of some policies of an exchange's plan, as they are now. One that began under an
   * earlier plan, and has waited elsewhere since, changes nothing for those of the present one.
   */
  Rule[] of(Exchange exchange, List<LimitConfig> policies) {
    if (plan != exchange.plan() && (plan == null || exchange.startNanos() - sinceNanos >= 0)) {
      plan = exchange.plan();
      sinceNanos = exchange.startNanos();
      limits.keep(plan.config().limits(), sinceNanos);
    }
    follow();
    if (seen != limits.lastFilled()) {
      forgetFilled();
    }
    if (policies != last) {
      Rule[] known = byPolicies.get(policies);
      if (known == null) {
        known = policies.stream().map(this::asNow).toArray(Rule[]::new);
        byPolicies.put(policies, known);
      }
      last = policies;
      ofLast = known;
    }
    return ofLast;
  }

  /** To the newest plan that any loop has met. */
  private void follow() {
    if (present == limits.policies()) {
      return;
    }
    present = limits.policies();
    byPolicies.clear();
    last = null;
    Map<String, Rule> gone = rules;
    rules = new HashMap<>();
    for (LimitConfig policy : present.values()) {
      Rule same = gone.get(policy.name());
      if (same != null && same.policy.equals(policy)) {
        rules.put(policy.name(), same);
        gone.remove(policy.name());
      }
    }
    gone.values().forEach(Rule::close);
  }

  private Rule asNow(LimitConfig policy) {
    LimitConfig now = present.get(policy.name());
    return of(now == null ? policy : now);
  }

  private void forgetFilled() {
    for (Filled next = seen.next; next != null; next = next.next) {
      seen = next;
      Rule rule = rules.get(next.policy);
      if (rule != null) {
        rule.filled(next.key);
      }
    }
  }

  /** Brings back what is held for requests to come. */
  Future<Void> close() {
    List<Future<?>> closed = new ArrayList<>();
    for (Rule rule : rules.values()) {
      closed.add(rule.close());
    }
    return Future.join(closed).mapEmpty();
  }

  /** The rule of a policy; that of another one of its name is over. */
  Rule of(LimitConfig policy) {
    Rule known = rules.get(policy.name());
    if (known != null && (known.policy == policy || known.policy.equals(policy))) {
      return known;
    }
    if (known != null) {
      known.close();
    }
    Tally tally = tallies.computeIfAbsent(policy.name(), limits::tally);
    Rule made = new Rule(policy, limits, redis, tally);
    rules.put(policy.name(), made);
    return made;
  }

  /**
   * By what a request is settled that a policy has let pass: the present policy of that name, or
   * null if there is none any more or it has other buckets.
   */
  @Nullable Rule settling(LimitConfig policy) {
    follow();
    LimitConfig now = present.get(policy.name());
    return now != null && now.key().equals(policy.key()) && now.grain().equals(policy.grain())
        ? of(now)
        : null;
  }
}
