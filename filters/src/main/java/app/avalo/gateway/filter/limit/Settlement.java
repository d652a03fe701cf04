package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.By;
import io.vertx.core.MultiMap;
import java.util.ArrayList;
import java.util.List;

/**
 * What requests cost after all: charged beyond what they have paid, or the rest given back. The
 * price is that of the plan under which a request began, the bucket that of the present one. One
 * event loop.
 */
final class Settlement {
  private static final int LONGEST = 9; // digits

  private final Rules rules;

  Settlement(Rules rules) {
    this.rules = rules;
  }

  /** The head of a service's answer may say what it cost. */
  void answered(Exchange exchange, MultiMap head) {
    List<LimitVerdict> verdicts = exchange.limits();
    List<LimitVerdict> told = null;
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      long cost = paid(verdict) ? told(verdict, head) : LimitVerdict.UNTOLD;
      if (cost != LimitVerdict.UNTOLD) {
        // What is given back is there for all only once Redis has heard of it.
        long more = Math.max(0, settle(exchange, verdict, cost));
        told = told == null ? new ArrayList<>(verdicts) : told;
        told.set(i, verdict.told(cost, more));
      }
    }
    if (told != null) {
      exchange.limits(told);
    }
  }

  /**
   * The trailers replace what the head said. Where neither says anything that can be read, a body
   * that was not announced is charged by what has come of it.
   */
  void ended(Exchange exchange) {
    List<LimitVerdict> verdicts = exchange.limits();
    MultiMap trailers = exchange.trailers();
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      if (paid(verdict)) {
        long cost = trailers == null ? LimitVerdict.UNTOLD : told(verdict, trailers);
        if (cost != LimitVerdict.UNTOLD
            || verdict.told() == LimitVerdict.UNTOLD && verdict.policy().cost().perMebibyte() > 0) {
          settle(exchange, verdict, cost);
        }
      }
    }
  }

  /** Who passed an open limit has paid nothing that could be settled. */
  private static boolean paid(LimitVerdict verdict) {
    return verdict.allowed() && verdict.by() != By.OPEN;
  }

  /**
   * Charges what a request costs beyond what it was charged, or gives the rest back.
   *
   * @param told by the service; else its body counts
   * @return tokens that were charged, below zero if some were given back
   */
  private long settle(Exchange exchange, LimitVerdict verdict, long told) {
    LimitConfig before = verdict.policy();
    Rule rule = rules.settling(before);
    Tier tier = rule == null ? null : rule.tier(exchange);
    if (rule == null || tier == null || !rule.probe.fill(rule.policy, exchange)) {
      return 0;
    }
    Cost price = before.cost();
    long charged =
        verdict.told() == LimitVerdict.UNTOLD ? tier.tokens(exchange, price) : verdict.told();
    long more = (told == LimitVerdict.UNTOLD ? tier.whole(exchange, price) : told) - charged;
    if (more > 0) {
      tier.buckets.charge(rule.probe, more);
    } else if (more < 0 && rule.policy.mode() == before.mode()) { // else another bucket paid
      tier.buckets.giveBack(rule.probe, -more);
    }
    return more;
  }

  /** What the service says that it cost: a whole number of at most nine digits. */
  private static long told(LimitVerdict verdict, MultiMap fields) {
    String header = verdict.policy().cost().header();
    String text = header == null ? null : fields.get(header);
    return text == null ? LimitVerdict.UNTOLD : Math.min(Cost.MOST, number(text));
  }

  private static long number(String text) {
    if (text.isEmpty() || text.length() > LONGEST) {
      return LimitVerdict.UNTOLD;
    }
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return LimitVerdict.UNTOLD;
      }
      number = 10 * number + c - '0';
    }
    return number;
  }
}
