package app.avalo.gateway.filter;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;

/**
 * What one token bucket said of an exchange.
 *
 * @param policy the limit
 * @param bandwidth that applied to the caller's tier
 * @param allowed whether the tokens were there
 * @param remaining whole tokens left
 * @param retryAfterNanos time until the request would pass, 0 when it was allowed
 * @param resetNanos time until the bucket is full again
 * @param degraded decided without the shared store
 */
public record LimitVerdict(
    LimitConfig policy,
    Bandwidth bandwidth,
    boolean allowed,
    long remaining,
    long retryAfterNanos,
    long resetNanos,
    boolean degraded) {}
