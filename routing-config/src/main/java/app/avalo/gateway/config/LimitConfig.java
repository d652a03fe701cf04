package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Rate;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket policy: one bucket per value of its key.
 *
 * @param name as in the YAML key; sent to clients in {@code RateLimit-Policy}
 * @param key parts of the bucket's key, at least one
 * @param allowance for callers whose tier has none of its own, or null when they are not limited
 * @param tiers by tier name
 * @param mode who shares the bucket, and how; default {@link Mode#EXACT}
 * @param onStoreDown what holds when Redis does not answer; default {@link OnStoreDown#LOCAL_SHARE}
 * @param shadow counts and reports but never refuses; default false
 * @param cost tokens of one request; default 1
 */
public record LimitConfig(
    String name,
    List<KeyPart> key,
    @Nullable Allowance allowance,
    Map<String, Allowance> tiers,
    Mode mode,
    OnStoreDown onStoreDown,
    boolean shadow,
    int cost) {

  /** What the callers of a tier may use, or null when the policy does not limit them. */
  public @Nullable Allowance allowance(String tier) {
    Allowance own = tiers.get(tier);
    return own != null ? own : allowance;
  }

  /**
   * What one caller may use: a request needs its tokens in every bandwidth.
   *
   * @param bandwidths at least 1 and at most {@link #MOST}, shortest period first, each period once
   */
  public record Allowance(List<Bandwidth> bandwidths) {
    /** Second, minute, hour and day. */
    public static final int MOST = 4;
  }

  /**
   * Refill and capacity.
   *
   * @param rate tokens that come back per period, evenly
   * @param burst capacity of the bucket; default the rate's count
   */
  public record Bandwidth(Rate rate, long burst) {}

  /** What a key is made of. */
  public enum KeyPart {
    /** Client address; IPv6 by /64. */
    ADDRESS,
    /** The known user; a caller without one has no bucket. */
    USER,
    /** Name of the API key; a caller without one has no bucket. */
    API_KEY,
    /** User, else API key, else address: every caller has exactly one. */
    CALLER,
    ROUTE,
    SERVICE,
    METHOD,
    /** ISO country of the caller's place. */
    COUNTRY
  }

  /** Who shares a bucket, and at which price. */
  public enum Mode {
    /** Nobody: each process has its own. */
    LOCAL,
    /** All replicas; Redis is asked for every request. This process when no Redis is configured. */
    EXACT,
    /** All replicas; they take tokens from Redis ahead of the requests. Likewise without Redis. */
    LEASED
  }

  /** Behaviour of a limit that replicas share while its store is away. */
  public enum OnStoreDown {
    /** Each replica has its share of the limit. */
    LOCAL_SHARE,
    /** Everybody passes. */
    OPEN,
    /** Nobody passes. */
    CLOSED
  }
}
