package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;

/**
 * {@code RateLimit-Policy} and {@code RateLimit} as structured fields, one member per policy
 * (draft-ietf-httpapi-ratelimit-headers-10); of a policy with several rates {@code
 * RateLimit-Policy} has one member each, named {@code policy/period}, and {@code RateLimit} the one
 * that decides. {@code q} per {@code w} is what is granted in the long run, {@code r} the tokens
 * left, {@code t} the seconds until the bucket is full. Policies in shadow mode do not show.
 */
final class RateLimitFields {
  private static final CharSequence POLICY = HttpHeaders.createOptimized("ratelimit-policy");
  private static final CharSequence STATE = HttpHeaders.createOptimized("ratelimit");
  private static final long SECOND = 1_000_000_000L;

  private RateLimitFields() {}

  static void write(List<LimitVerdict> verdicts, MultiMap headers) {
    StringBuilder policies = new StringBuilder(48);
    StringBuilder states = new StringBuilder(48);
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      if (verdict.policy().fields() && !verdict.policy().shadow()) {
        List<Bandwidth> bandwidths = verdict.allowance().bandwidths();
        for (int j = 0; j < bandwidths.size(); j++) {
          policy(policies, verdict, bandwidths.get(j));
        }
        state(states, verdict);
      }
    }
    if (!states.isEmpty()) {
      headers.set(POLICY, policies.toString());
      headers.set(STATE, states.toString());
    }
  }

  private static void policy(StringBuilder text, LimitVerdict verdict, Bandwidth bandwidth) {
    long period = bandwidth.rate().period().toNanos();
    long seconds = ceilSeconds(period);
    name(text, verdict, bandwidth);
    // Windows are whole seconds; an odd period is stretched to one, and the quota with it.
    long quota =
        seconds * SECOND == period
            ? bandwidth.rate().count()
            : (long) ((double) bandwidth.rate().count() * seconds * SECOND / period);
    text.append(";q=").append(quota).append(";w=").append(seconds);
  }

  private static void state(StringBuilder text, LimitVerdict verdict) {
    name(text, verdict, verdict.bandwidth());
    text.append(";r=").append(verdict.remaining());
    text.append(";t=").append(verdict.resetNanos() == 0 ? 0 : ceilSeconds(verdict.resetNanos()));
  }

  /** A structured string: visible ASCII, quotes and backslashes escaped. */
  private static void name(StringBuilder text, LimitVerdict verdict, Bandwidth bandwidth) {
    text.append(text.isEmpty() ? "\"" : ", \"");
    String name = verdict.policy().name();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\');
      }
      text.append(c < ' ' || c > '~' ? '?' : c);
    }
    if (verdict.allowance().bandwidths().size() > 1) {
      text.append('/').append(bandwidth.rate().per());
    }
    text.append('"');
  }

  /** Rounded up, at least 1; a last nanosecond is what local buckets add for safety. */
  static long ceilSeconds(long nanos) {
    return Math.max(1, (nanos + SECOND - 2) / SECOND);
  }
}
