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
 * @param bandwidth for callers whose tier has none of its own, or null when they are not limited
 * @param tiers by tier name
 * @param scope whether replicas share the bucket; default {@link Scope#SHARED}
 * @param onStoreDown what holds when Redis does not answer; default {@link OnStoreDown#LOCAL}
 * @param shadow counts and reports but never refuses; default false
 * @param cost tokens of one request; default 1
 */
public record LimitConfig(
    String name,
    List<KeyPart> key,
    @Nullable Bandwidth bandwidth,
    Map<String, Bandwidth> tiers,
    Scope scope,
    OnStoreDown onStoreDown,
    boolean shadow,
    int cost) {

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

  /** Who shares a bucket. */
  public enum Scope {
    /** This process only. */
    LOCAL,
    /** All replicas, through Redis; this process when no Redis is configured. */
    SHARED
  }

  /** Behaviour of a shared limit while its store is away. */
  public enum OnStoreDown {
    /** Each replica counts alone. */
    LOCAL,
    /** Everybody passes. */
    OPEN,
    /** Nobody passes. */
    CLOSED
  }
}
