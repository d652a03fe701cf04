package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code RateLimit-Policy} and {@code RateLimit} as structured fields, one member per policy
 * (draft-ietf-httpapi-ratelimit-headers-11); of a policy with several rates {@code
 * RateLimit-Policy} has one member each, named {@code policy/period}, and {@code RateLimit} the one
 * that decides. {@code q} per {@code w} is what is granted in the long run, {@code r} the tokens
 * left, {@code t} the seconds until the bucket is full. What nobody could decide has no member of
 * {@code RateLimit}. Policies in shadow mode do not show. One event loop.
 */
final class RateLimitFields {
  private static final CharSequence POLICY = HttpHeaders.createOptimized("ratelimit-policy");
  private static final CharSequence STATE = HttpHeaders.createOptimized("ratelimit");
  private static final long SECOND = 1_000_000_000L;

  private static final int MOST_KNOWN = 1000;
  private static final byte[] LEFT = {';', 'r', '='};
  private static final byte[] RESET = {';', 't', '='};
  private static final byte[] NEXT = {',', ' '};

  private final Map<Allowance, Known> known = new IdentityHashMap<>();
  private @Nullable Known last;
  private byte[] state = new byte[128]; // of the answer that is written
  private int length;

  /**
   * What is the same for every answer about an allowance of a policy. Bytes, as they go out without
   * a character being looked at again.
   *
   * @param shown whether answers tell of it
   * @param members of {@code RateLimit-Policy}
   * @param names of the members of {@code RateLimit}, by bandwidth
   */
  private record Known(
      LimitConfig policy, Allowance allowance, boolean shown, AsciiString members, byte[][] names) {
    static Known of(LimitConfig policy, Allowance allowance) {
      StringBuilder members = new StringBuilder();
      byte[][] names = new byte[allowance.bandwidths().size()][];
      for (int i = 0; i < names.length; i++) {
        Bandwidth bandwidth = allowance.bandwidths().get(i);
        String name = quoted(policy, names.length > 1 ? "/" + bandwidth.rate().per() : "");
        names[i] = new AsciiString(name).array();
        members.append(i == 0 ? "" : ", ").append(name).append(granted(bandwidth));
      }
      boolean shown = policy.fields() && !policy.shadow();
      return new Known(policy, allowance, shown, new AsciiString(members), names);
    }

    boolean isOf(LimitVerdict verdict) {
      return allowance == verdict.allowance() && policy == verdict.policy();
    }

    byte[] name(Bandwidth bandwidth) {
      return names.length == 1 ? names[0] : names[allowance.bandwidths().indexOf(bandwidth)];
    }
  }

  void write(List<LimitVerdict> verdicts, MultiMap headers) {
    AsciiString policies = AsciiString.EMPTY_STRING;
    length = 0;
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      Known said = known(verdict);
      if (said.shown()) {
        policies = policies.isEmpty() ? said.members() : joined(policies, said.members());
        if (!verdict.by().isNobody()) {
          state(said.name(verdict.bandwidth()), verdict);
        }
      }
    }
    if (!policies.isEmpty()) {
      headers.set(POLICY, policies);
    }
    if (length > 0) {
      headers.set(STATE, new AsciiString(Arrays.copyOf(state, length), false));
    }
  }

  private static AsciiString joined(AsciiString some, AsciiString more) {
    return some.concat(", ").concat(more);
  }

  private Known known(LimitVerdict verdict) {
    Known before = last;
    if (before == null || !before.isOf(verdict)) {
      before = known.get(verdict.allowance());
      before = before == null || !before.isOf(verdict) ? make(verdict) : before;
      last = before;
    }
    return before;
  }

  private Known make(LimitVerdict verdict) {
    // Reloads, schedules and overrides make new ones.
    if (known.size() >= MOST_KNOWN) {
      known.clear();
    }
    Known made = Known.of(verdict.policy(), verdict.allowance());
    known.put(verdict.allowance(), made);
    return made;
  }

  private static String granted(Bandwidth bandwidth) {
    long period = bandwidth.rate().period().toNanos();
    long seconds = ceilSeconds(period);
    // Windows are whole seconds; an odd period is stretched to one, and the quota with it.
    long quota =
        seconds * SECOND == period
            ? bandwidth.rate().count()
            : (long) ((double) bandwidth.rate().count() * seconds * SECOND / period);
    return ";q=" + quota + ";w=" + seconds;
  }

  private void state(byte[] name, LimitVerdict verdict) {
    if (length > 0) {
      append(NEXT);
    }
    append(name);
    append(LEFT);
    append(verdict.remaining());
    append(RESET);
    append(verdict.resetNanos() == 0 ? 0 : ceilSeconds(verdict.resetNanos()));
  }

  private void append(byte[] text) {
    room(text.length);
    System.arraycopy(text, 0, state, length, text.length);
    length += text.length;
  }

  /** Digits of a number that is not negative. */
  private void append(long number) {
    int digits = 1;
    for (long rest = number; rest >= 10; rest /= 10) {
      digits++;
    }
    room(digits);
    long rest = number;
    for (int at = length + digits - 1; at >= length; at--) {
      state[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    length += digits;
  }

  private void room(int more) {
    if (length + more > state.length) {
      state = Arrays.copyOf(state, 2 * (length + more));
    }
  }

  /** A structured string: visible ASCII, quotes and backslashes escaped. */
  private static String quoted(LimitConfig policy, String suffix) {
    StringBuilder text = new StringBuilder("\"");
    String name = policy.name();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\');
      }
      text.append(c < ' ' || c > '~' ? '?' : c);
    }
    return text.append(suffix).append('"').toString();
  }

  /** Rounded up, at least 1; a last nanosecond is what local buckets add for safety. */
  static long ceilSeconds(long nanos) {
    return Math.max(1, (nanos + SECOND - 2) / SECOND);
  }
}
