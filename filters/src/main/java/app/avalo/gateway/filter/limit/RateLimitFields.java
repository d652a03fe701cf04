package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code RateLimit-Policy} and {@code RateLimit} as structured fields, one member per policy
 * (draft-ietf-httpapi-ratelimit-headers-10); of a policy with several rates {@code
 * RateLimit-Policy} has one member each, named {@code policy/period}, and {@code RateLimit} the one
 * that decides. {@code q} per {@code w} is what is granted in the long run, {@code r} the tokens
 * left, {@code t} the seconds until the bucket is full. Policies in shadow mode do not show. One
 * event loop.
 */
final class RateLimitFields {
  private static final CharSequence POLICY = HttpHeaders.createOptimized("ratelimit-policy");
  private static final CharSequence STATE = HttpHeaders.createOptimized("ratelimit");
  private static final long SECOND = 1_000_000_000L;

  private static final int MOST_KNOWN = 1000;

  private final Map<Allowance, Known> known = new IdentityHashMap<>();

  /** What {@code RateLimit-Policy} says of an allowance of a policy; the same for every answer. */
  private record Known(LimitConfig policy, String members) {}

  void write(List<LimitVerdict> verdicts, MultiMap headers) {
    String policies = "";
    StringBuilder states = new StringBuilder(64);
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      if (verdict.policy().fields() && !verdict.policy().shadow()) {
        String members = members(verdict);
        policies = policies.isEmpty() ? members : policies + ", " + members;
        state(states, verdict);
      }
    }
    if (!states.isEmpty()) {
      headers.set(POLICY, policies);
      headers.set(STATE, states.toString());
    }
  }

  private String members(LimitVerdict verdict) {
    Known before = known.get(verdict.allowance());
    if (before != null && before.policy() == verdict.policy()) {
      return before.members();
    }
    StringBuilder text = new StringBuilder();
    for (Bandwidth bandwidth : verdict.allowance().bandwidths()) {
      policy(text, verdict, bandwidth);
    }
    // Reloads, schedules and overrides make new ones.
    if (known.size() >= MOST_KNOWN) {
      known.clear();
    }
    known.put(verdict.allowance(), new Known(verdict.policy(), text.toString()));
    return text.toString();
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
