package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
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
  private static final int NEXT = 2; // bytes between two members
  private static final byte[][] NONE = {};
  private static final int MOST_DIGITS = 19;
  private static final byte[] RESET = {';', 't', '='};

  private final Map<Allowance, Known> known = new IdentityHashMap<>();
  private @Nullable Known last;

  /**
   * What is the same for every answer about an allowance of a policy. Bytes, as they go out without
   * a character being looked at again.
   *
   * @param shown whether answers tell of it
   * @param members of {@code RateLimit-Policy}
   * @param only beginning of the member of {@code RateLimit}, up to what is left
   * @param others likewise by bandwidth, if there are several
   */
  private record Known(
      LimitConfig policy,
      Allowance allowance,
      boolean shown,
      AsciiString members,
      byte[] only,
      byte[][] others) {
    static Known of(LimitConfig policy, Allowance allowance) {
      StringBuilder members = new StringBuilder();
      byte[][] names = new byte[allowance.bandwidths().size()][];
      for (int i = 0; i < names.length; i++) {
        Bandwidth bandwidth = allowance.bandwidths().get(i);
        String name = quoted(policy, names.length > 1 ? "/" + bandwidth.rate().per() : "");
        names[i] = new AsciiString(name + ";r=").array();
        members.append(i == 0 ? "" : ", ").append(name).append(granted(bandwidth));
      }
      boolean shown = policy.fields() && !policy.shadow();
      AsciiString all = new AsciiString(members);
      byte[][] others = names.length > 1 ? names : NONE;
      return new Known(policy, allowance, shown, all, names[0], others);
    }

    boolean isOf(LimitVerdict verdict) {
      return allowance == verdict.allowance() && policy == verdict.policy();
    }

    boolean tells(LimitVerdict verdict) {
      return shown && !verdict.by().isNobody();
    }

    private byte[] name(LimitVerdict verdict) {
      return others == NONE ? only : others[allowance.bandwidths().indexOf(verdict.bandwidth())];
    }

    /** Bytes of a member of {@code RateLimit}. */
    int length(LimitVerdict verdict) {
      int numbers = digits(verdict.remaining()) + digits(seconds(verdict));
      return name(verdict).length + RESET.length + numbers;
    }

    /** Writes it, and says where it ends. */
    int write(LimitVerdict verdict, byte[] text, int at) {
      byte[] name = name(verdict);
      System.arraycopy(name, 0, text, at, name.length);
      int left = number(verdict.remaining(), text, at + name.length);
      System.arraycopy(RESET, 0, text, left, RESET.length);
      return number(seconds(verdict), text, left + RESET.length);
    }
  }

  void write(List<LimitVerdict> verdicts, MultiMap headers) {
    AsciiString policies = AsciiString.EMPTY_STRING;
    int length = 0;
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      Known said = known(verdict);
      if (said.shown()) {
        policies = policies.isEmpty() ? said.members() : joined(policies, said.members());
      }
      if (said.tells(verdict)) {
        length += (length == 0 ? 0 : NEXT) + said.length(verdict);
      }
    }
    if (!policies.isEmpty()) {
      headers.set(POLICY, policies);
    }
    if (length > 0) {
      headers.set(STATE, new AsciiString(state(verdicts, new byte[length]), false));
    }
  }

  private byte[] state(List<LimitVerdict> verdicts, byte[] text) {
    int at = 0;
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      Known said = known(verdict);
      if (said.tells(verdict)) {
        if (at > 0) {
          text[at] = ',';
          text[at + 1] = ' ';
          at += NEXT;
        }
        at = said.write(verdict, text, at);
      }
    }
    return text;
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

  private static long seconds(LimitVerdict verdict) {
    return verdict.resetNanos() == 0 ? 0 : ceilSeconds(verdict.resetNanos());
  }

  /** Of a number that is not negative. */
  private static int digits(long number) {
    int digits = 1;
    for (long least = 10; number >= least && digits < MOST_DIGITS; least *= 10) {
      digits++;
    }
    return digits;
  }

  /** Writes its digits, and says where they end. */
  private static int number(long number, byte[] text, int from) {
    int end = from + digits(number);
    long rest = number;
    for (int at = end - 1; at >= from; at--) {
      text[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    return end;
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
