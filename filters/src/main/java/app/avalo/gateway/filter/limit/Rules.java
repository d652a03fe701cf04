package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.limit.Limits.Filled;
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
 * is keeps its rule, and with it the tokens that the loop holds.
 */
final class Rules {
  private final Limits limits;
  private final @Nullable LoopLink redis;
  private final Map<List<LimitConfig>, Rule[]> byPolicies = new IdentityHashMap<>();
  private Map<LimitConfig, Rule> rules = new HashMap<>();
  private @Nullable Plan plan;
  private long sinceNanos; // start of the exchange that brought the plan
  private Filled seen;

  Rules(Limits limits, @Nullable ScriptRunner redis, String prefix) {
    this.limits = limits;
    this.redis = redis == null ? null : new LoopLink(redis, prefix, limits.ticker());
    this.seen = limits.lastFilled();
  }

  /**
   * The rules of some policies of an exchange's plan. One that began under an earlier plan, and has
   * waited elsewhere since, changes nothing for those of the present one.
   */
  Rule[] of(Exchange exchange, List<LimitConfig> policies) {
    if (plan != exchange.plan() && (plan == null || exchange.startNanos() - sinceNanos >= 0)) {
      follow(exchange);
    }
    if (seen != limits.lastFilled()) {
      forgetFilled();
    }
    Rule[] known = byPolicies.get(policies);
    if (known == null) {
      known = policies.stream().map(this::of).toArray(Rule[]::new);
      byPolicies.put(policies, known);
    }
    return known;
  }

  private void follow(Exchange exchange) {
    plan = exchange.plan();
    sinceNanos = exchange.startNanos();
    byPolicies.clear();
    Map<String, LimitConfig> policies = exchange.plan().config().limits();
    Map<LimitConfig, Rule> gone = rules;
    rules = new HashMap<>();
    for (LimitConfig policy : policies.values()) {
      Rule same = gone.remove(policy);
      if (same != null) {
        rules.put(policy, same);
      }
    }
    gone.values().forEach(Rule::close);
    limits.keep(policies, sinceNanos);
  }

  private void forgetFilled() {
    for (Filled next = seen.next; next != null; next = next.next) {
      seen = next;
      for (Rule rule : rules.values()) {
        if (rule.policy.name().equals(next.policy)) {
          rule.filled(next.key);
        }
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

  Rule of(LimitConfig policy) {
    return rules.computeIfAbsent(policy, made -> new Rule(made, limits, redis));
  }
}
