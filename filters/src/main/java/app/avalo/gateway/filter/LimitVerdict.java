package app.avalo.gateway.filter;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import java.util.Locale;

/**
 * What one token bucket said of an exchange.
 *
 * @param terms on which it was asked
 * @param allowed whether the tokens were there
 * @param remaining whole tokens left in the bandwidth that decides
 * @param retryAfterNanos time until the request would pass, 0 when it was allowed
 * @param resetNanos time until that bandwidth is full again
 * @param told by the service: what the exchange has cost; {@link #UNTOLD} while it has said nothing
 */
public record LimitVerdict(
    Terms terms,
    boolean allowed,
    long remaining,
    long retryAfterNanos,
    long resetNanos,
    long told) {
  /** Cost of an exchange whose service has not named it. */
  public static final long UNTOLD = -1;

  /**
   * What is the same for many verdicts.
   *
   * @param policy the limit
   * @param allowance that applies to the callers of a tier
   * @param bandwidth of it that decides: when refused the one that takes longest, else the emptiest
   * @param by who decides
   */
  public record Terms(LimitConfig policy, Allowance allowance, Bandwidth bandwidth, By by) {}

  /** The limit. */
  public LimitConfig policy() {
    return terms.policy;
  }

  /** The bandwidth that decides. */
  public Bandwidth bandwidth() {
    return terms.bandwidth;
  }

  /** Who decided. */
  public By by() {
    return terms.by;
  }

  /**
   * With what the service says that the exchange has cost.
   *
   * @param more tokens that were charged for it behind the verdict
   */
  public LimitVerdict told(long cost, long more) {
    return new LimitVerdict(
        terms,
        allowed,
        Math.max(0, remaining - more),
        retryAfterNanos,
        resetNanos + more * bandwidth().rate().nanosPerEvent(),
        cost);
  }

  /** Who decides about a limit. */
  public enum By {
    /** A bucket of this process, as the policy says or because there is no Redis. */
    LOCAL,
    /** Redis. */
    EXACT,
    /** Tokens that were taken from Redis before. */
    LEASED,
    /** This gateway's share, as Redis does not answer. */
    LOCAL_SHARE,
    /** A time-out, as the caller went on after refusals. */
    TIME_OUT,
    /** Nobody: Redis does not answer, and the policy lets pass. */
    OPEN,
    /** Nobody: Redis does not answer, and the policy lets nobody pass. */
    CLOSED;

    private final String label = name().toLowerCase(Locale.ROOT).replace('_', '-');

    /** Metric label. */
    public String label() {
      return label;
    }

    /** Whether nobody has looked into a bucket, and nothing is known of what is left. */
    public boolean isNobody() {
      return this == OPEN || this == CLOSED;
    }

    /** Whether the shared store should have decided. */
    public boolean degraded() {
      return this == LOCAL_SHARE || this == OPEN || this == CLOSED;
    }
  }
}
