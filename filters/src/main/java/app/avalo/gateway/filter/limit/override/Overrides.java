package app.avalo.gateway.filter.limit.override;

import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.time.Ticker;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The overrides that hold. Safe from every thread; replaced whole. */
public final class Overrides {
  /** At once, of all policies. */
  public static final int MOST = 1000;

  private final Ticker ticker;
  private volatile Map<String, Map<String, LimitOverride>> byPolicy = Map.of(); // the desk

  public Overrides(Ticker ticker) {
    this.ticker = ticker;
  }

  /** That of a caller, by user before API key, or null. */
  public @Nullable LimitOverride of(String policy, Caller caller) {
    Map<String, LimitOverride> some = byPolicy.get(policy);
    if (some == null) {
      return null;
    }
    LimitOverride own = caller.user() == null ? null : some.get("u=" + caller.user());
    if (own == null && caller.apiKey() != null) {
      own = some.get("k=" + caller.apiKey());
    }
    return own != null && own.untilEpochMillis() > ticker.epochMillis() ? own : null;
  }

  /** Those of a policy. */
  public List<LimitOverride> of(String policy) {
    long now = ticker.epochMillis();
    return byPolicy.getOrDefault(policy, Map.of()).values().stream()
        .filter(each -> each.untilEpochMillis() > now)
        .toList();
  }

  void replace(Collection<LimitOverride> all) {
    Map<String, Map<String, LimitOverride>> next = new HashMap<>();
    for (LimitOverride each : all) {
      next.computeIfAbsent(each.policy(), policy -> new HashMap<>()).put(each.subject(), each);
    }
    byPolicy = next;
  }
}
