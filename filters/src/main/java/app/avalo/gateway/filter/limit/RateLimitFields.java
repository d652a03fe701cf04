package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.Reply;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
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
  private static final AsciiString POLICY = new AsciiString("ratelimit-policy");
  private static final AsciiString STATE = new AsciiString("ratelimit");
  private static final long SECOND = 1_000_000_000L;

  private static final int MOST_KNOWN = 1000;
  private static final byte[] IS = {':', ' '};
  private static final byte[] NEXT = {',', ' '}; // between two members
  private static final byte[] END = {'\r', '\n'};
  private static final byte[][] NONE = {};
  private static final int MOST_DIGITS = 19;
  private static final byte[] RESET = {';', 't', '='};

  private final Map<Allowance, Known> known = new IdentityHashMap<>();
  private @Nullable Known last;
  private final Text text = new Text(); // of one answer after the other

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
      byte[] members,
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
      byte[] all = new AsciiString(members).array();
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
  }

  /** Field lines that are being written. */
  private static final class Text {
    private byte[] bytes = new byte[256];
    private int length;

    /** Begins a field, and says where its value begins. */
    int begin(AsciiString name) {
      put(name.array());
      put(IS);
      return length;
    }

    /** What follows is the next member of a value that began there. */
    void next(int begin) {
      if (length > begin) {
        put(NEXT);
      }
    }

    /** Ends a field, or takes it back if its value is empty; says how long that is. */
    int end(AsciiString name, int begin) {
      int value = length - begin;
      if (value == 0) {
        length = begin - IS.length - name.length();
      } else {
        put(END);
      }
      return value;
    }

    void put(byte[] more) {
      int from = room(more.length);
      System.arraycopy(more, 0, bytes, from, more.length);
    }

    /** The digits of a number that is not negative. */
    void put(long number) {
      int digits = 1;
      for (long least = 10; number >= least && digits < MOST_DIGITS; least *= 10) {
        digits++;
      }
      int from = room(digits);
      long rest = number;
      for (int at = from + digits - 1; at >= from; at--) {
        bytes[at] = (byte) ('0' + rest % 10);
        rest /= 10;
      }
    }

    private int room(int more) {
      int from = length;
      length += more;
      if (length > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * length);
      }
      return from;
    }
  }

  /** Writes both as lines, or where there is no place for lines as headers. */
  void write(List<LimitVerdict> verdicts, Reply reply) {
    text.length = 0;
    int policies = policies(verdicts);
    if (policies == 0) {
      return;
    }
    int line = text.length;
    int states = states(verdicts);
    MultiMap headers = reply.headers();
    Reply.Lines lines = reply instanceof Reply.Proxied proxied ? proxied.lines() : null;
    byte[] said = Arrays.copyOf(text.bytes, text.length);
    set(headers, POLICY, lines != null ? null : value(said, POLICY, 0, policies));
    if (states > 0) {
      set(headers, STATE, lines != null ? null : value(said, STATE, line, states));
    }
    if (lines != null) {
      lines.add(said);
    }
  }

  /** In the place of what the service says of its own limits. */
  private static void set(MultiMap headers, AsciiString name, @Nullable AsciiString value) {
    if (value == null) {
      headers.remove(name);
    } else {
      headers.set(name, value);
    }
  }

  /** The value of a field in the line that begins there. */
  private static AsciiString value(byte[] text, AsciiString name, int line, int length) {
    return new AsciiString(text, line + name.length() + IS.length, length, false);
  }

  /** Writes the line of all that show, and says how long its value is. */
  private int policies(List<LimitVerdict> verdicts) {
    int begin = text.begin(POLICY);
    for (int i = 0; i < verdicts.size(); i++) {
      Known said = known(verdicts.get(i));
      if (said.shown()) {
        text.next(begin);
        text.put(said.members());
      }
    }
    return text.end(POLICY, begin);
  }

  private int states(List<LimitVerdict> verdicts) {
    int begin = text.begin(STATE);
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      Known said = known(verdict);
      if (said.tells(verdict)) {
        text.next(begin);
        text.put(said.name(verdict));
        text.put(verdict.remaining());
        text.put(RESET);
        text.put(verdict.resetNanos() == 0 ? 0 : ceilSeconds(verdict.resetNanos()));
      }
    }
    return text.end(STATE, begin);
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
