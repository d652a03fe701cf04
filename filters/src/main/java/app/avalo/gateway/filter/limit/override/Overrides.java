package app.avalo.gateway.filter.limit.override;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.time.Ticker;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The overrides that hold. Safe from every thread; replaced whole. */
public final class Overrides {
  /** At once, of all policies. */
  public static final int MOST = 1000;

  private final Ticker ticker;
  private final Consumer<LimitOverride> ended;
  private volatile Map<String, Map<String, LimitOverride>> byPolicy = Map.of(); // guarded by this
  private volatile boolean any; // likewise

  /**
   * None yet.
   *
   * @param ended hears of each whose subject has no rates of its own any more, once
   */
  public Overrides(Ticker ticker, Consumer<LimitOverride> ended) {
    this.ticker = ticker;
    this.ended = ended;
  }

  /** That of a caller whose bucket it is, by user before API key, or null. */
  public @Nullable LimitOverride of(LimitConfig policy, Caller caller) {
    Map<String, LimitOverride> some = any ? byPolicy.get(policy.name()) : null;
    if (some == null) {
      return null;
    }
    List<KeyPart> key = policy.key();
    boolean byCaller = key.contains(KeyPart.CALLER);
    String user = caller.user();
    LimitOverride own =
        user != null && (byCaller || key.contains(KeyPart.USER)) ? some.get("u=" + user) : null;
    if (own == null
        && caller.apiKey() != null
        && (byCaller && user == null || key.contains(KeyPart.API_KEY))) {
      own = some.get("k=" + caller.apiKey());
    }
    if (own != null && isOver(own)) {
      endDue();
      return null;
    }
    return own;
  }

  private boolean isOver(LimitOverride order) {
    return order.untilEpochMillis() <= ticker.epochMillis();
  }

  /** Those of a policy. */
  public List<LimitOverride> of(LimitConfig policy) {
    return byPolicy.getOrDefault(policy.name(), Map.of()).values().stream()
        .filter(each -> !isOver(each) && LimitOverride.fits(policy, each.subject()))
        .toList();
  }

  private synchronized void endDue() {
    replace(byPolicy.values().stream().flatMap(each -> each.values().stream()).toList());
  }

  synchronized void replace(Collection<LimitOverride> all) {
    Map<String, Map<String, LimitOverride>> next = new HashMap<>();
    for (LimitOverride each : all) {
      if (!isOver(each)) {
        next.computeIfAbsent(each.policy(), policy -> new HashMap<>()).put(each.subject(), each);
      }
    }
    byPolicy.forEach(
        (policy, some) ->
            some.forEach(
                (subject, order) -> {
                  if (!next.getOrDefault(policy, Map.of()).containsKey(subject)) {
                    ended.accept(order);
                  }
                }));
    byPolicy = next;
    any = !next.isEmpty();
  }
}
