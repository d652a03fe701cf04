package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.LimitConfig.OnStoreDown;
import app.avalo.gateway.config.LimitConfig.Scope;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes policies for tests: 10 per second and caller, shared, local while the store is down. */
final class Policies {
  private final String name;
  private List<KeyPart> key = List.of(KeyPart.CALLER);
  private @Nullable Bandwidth bandwidth = per(10, Duration.ofSeconds(1), 10);
  private final Map<String, Bandwidth> tiers = new LinkedHashMap<>();
  private Scope scope = Scope.SHARED;
  private OnStoreDown onStoreDown = OnStoreDown.LOCAL;
  private boolean shadow;
  private int cost = 1;

  private Policies(String name) {
    this.name = name;
  }

  static Policies named(String name) {
    return new Policies(name);
  }

  static Bandwidth per(long count, Duration period, long burst) {
    return new Bandwidth(new Rate(count, period), burst);
  }

  static Bandwidth perMinute(long count) {
    return per(count, Duration.ofMinutes(1), count);
  }

  Policies key(KeyPart... parts) {
    key = List.of(parts);
    return this;
  }

  Policies of(@Nullable Bandwidth bandwidth) {
    this.bandwidth = bandwidth;
    return this;
  }

  Policies tier(String tier, Bandwidth bandwidth) {
    tiers.put(tier, bandwidth);
    return this;
  }

  Policies local() {
    scope = Scope.LOCAL;
    return this;
  }

  Policies onStoreDown(OnStoreDown behaviour) {
    onStoreDown = behaviour;
    return this;
  }

  Policies shadow() {
    shadow = true;
    return this;
  }

  Policies cost(int tokens) {
    cost = tokens;
    return this;
  }

  LimitConfig build() {
    return new LimitConfig(name, key, bandwidth, tiers, scope, onStoreDown, shadow, cost);
  }

  /** A plan whose only route has these limits. */
  static Plan plan(LimitConfig... limits) {
    Plans plans = Plans.minimal();
    for (LimitConfig limit : limits) {
      plans.limit(limit);
    }
    String[] names = Arrays.stream(limits).map(LimitConfig::name).toArray(String[]::new);
    return plans.route(Routes.toFeed().limits(names).build()).compile();
  }
}
