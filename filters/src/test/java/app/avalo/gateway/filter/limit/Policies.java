package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.config.LimitConfig.Follow;
import app.avalo.gateway.config.LimitConfig.Grain;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.LimitConfig.Mode;
import app.avalo.gateway.config.LimitConfig.OnStoreDown;
import app.avalo.gateway.config.LimitConfig.Season;
import app.avalo.gateway.config.LimitConfig.TimeOut;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes policies for tests: 10 per second and caller, exact, a local share while the store is down.
 */
public final class Policies {
  private final String name;
  private Grain grain = Grain.DEFAULT;
  private List<KeyPart> key = List.of(KeyPart.CALLER);
  private @Nullable Allowance allowance = all(per(10, Duration.ofSeconds(1), 10));
  private final Map<String, Allowance> tiers = new LinkedHashMap<>();
  private Mode mode = Mode.EXACT;
  private OnStoreDown onStoreDown = OnStoreDown.LOCAL_SHARE;
  private boolean shadow;
  private Cost cost = new Cost(1, Map.of(), 0, null);
  private boolean fields = true;
  private List<Season> schedule = List.of();
  private @Nullable Follow follow;
  private @Nullable TimeOut timeOut;
  private final Map<Priority, Integer> reserve = new EnumMap<>(Priority.class);

  private Policies(String name) {
    this.name = name;
  }

  public static Policies named(String name) {
    return new Policies(name);
  }

  public static Bandwidth per(long count, Duration period, long burst) {
    return new Bandwidth(new Rate(count, period), burst);
  }

  public static Bandwidth perMinute(long count) {
    return per(count, Duration.ofMinutes(1), count);
  }

  public Policies key(KeyPart... parts) {
    key = List.of(parts);
    return this;
  }

  public static Allowance all(Bandwidth... bandwidths) {
    return new Allowance(List.of(bandwidths));
  }

  public Policies of(Bandwidth... bandwidths) {
    allowance = all(bandwidths);
    return this;
  }

  /** Only tiers are limited. */
  public Policies ofTiersOnly() {
    allowance = null;
    return this;
  }

  public Policies leased() {
    mode = Mode.LEASED;
    return this;
  }

  public Policies grain(Grain fineness) {
    grain = fineness;
    return this;
  }

  public Policies tier(String tier, Bandwidth bandwidth) {
    tiers.put(tier, all(bandwidth));
    return this;
  }

  public Policies local() {
    mode = Mode.LOCAL;
    return this;
  }

  public Policies onStoreDown(OnStoreDown behaviour) {
    onStoreDown = behaviour;
    return this;
  }

  public Policies shadow() {
    shadow = true;
    return this;
  }

  public Policies cost(int tokens) {
    return cost(new Cost(tokens, Map.of(), 0, null));
  }

  public Policies cost(Cost price) {
    cost = price;
    return this;
  }

  public Policies withoutFields() {
    fields = false;
    return this;
  }

  public Policies schedule(Season... seasons) {
    schedule = List.of(seasons);
    return this;
  }

  public Policies follow(Follow target) {
    follow = target;
    return this;
  }

  public Policies timeOut(TimeOut rule) {
    timeOut = rule;
    return this;
  }

  public Policies reserve(Priority priority, int percent) {
    reserve.put(priority, percent);
    return this;
  }

  public LimitConfig build() {
    return new LimitConfig(
        name,
        key,
        grain,
        allowance,
        tiers,
        mode,
        onStoreDown,
        shadow,
        cost,
        fields,
        schedule,
        follow,
        timeOut,
        reserve);
  }

  /** A plan whose only route has these limits. */
  public static Plan plan(LimitConfig... limits) {
    Plans plans = Plans.minimal();
    for (LimitConfig limit : limits) {
      plans.limit(limit);
    }
    String[] names = Arrays.stream(limits).map(LimitConfig::name).toArray(String[]::new);
    return plans.route(Routes.toFeed().limits(names).build()).compile();
  }
}
