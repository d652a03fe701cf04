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
  private static final byte[] RESET = {';', 't', '='};
  private static final int MOST_DIGITS = 19;
  private static final int MOST_OF_STATE = 2 * MOST_DIGITS + RESET.length + END.length;
  private static final byte[] NOTHING = {};
  private static final int USUAL = 256; // bytes of the fields of several

  private final Map<Allowance, Known> known = new IdentityHashMap<>();
  private @Nullable Known last;

  /**
   * What is the same for every answer about an allowance of a policy. Bytes, as they go out without
   * a character being looked at again.
   *
   * @param shown whether answers tell of it
   * @param members of {@code RateLimit-Policy}
   * @param names beginning of the member of {@code RateLimit}, up to what is left, by bandwidth
   * @param alone both lines up to there where no other policy applies, likewise
   */
  private record Known(
      LimitConfig policy,
      Allowance allowance,
      boolean shown,
      byte[] members,
      byte[][] names,
      byte[][] alone) {
    static Known of(LimitConfig policy, Allowance allowance) {
      StringBuilder members = new StringBuilder();
      String[] names = new String[allowance.bandwidths().size()];
      for (int i = 0; i < names.length; i++) {
        Bandwidth bandwidth = allowance.bandwidths().get(i);
        String name = quoted(policy, names.length > 1 ? "/" + bandwidth.rate().per() : "");
        names[i] = name + ";r=";
        members.append(i == 0 ? "" : ", ").append(name).append(granted(bandwidth));
      }
      String lines = POLICY + ": " + members + "\r\n" + STATE + ": ";
      return new Known(
          policy,
          allowance,
          policy.fields() && !policy.shadow(),
          bytes(members),
          Arrays.stream(names).map(Known::bytes).toArray(byte[][]::new),
          Arrays.stream(names).map(name -> bytes(lines + name)).toArray(byte[][]::new));
    }

    private static byte[] bytes(CharSequence ascii) {
      return new AsciiString(ascii).array();
    }

    boolean isOf(LimitVerdict verdict) {
      return allowance == verdict.allowance() && policy == verdict.policy();
    }

    boolean tells(LimitVerdict verdict) {
      return shown && !verdict.by().isNobody();
    }

    byte[] name(LimitVerdict verdict) {
      return of(verdict, names);
    }

    /** Of a verdict that is the only one. */
    byte[] alone(LimitVerdict verdict) {
      return of(verdict, alone);
    }

    private byte[] of(LimitVerdict verdict, byte[][] each) {
      return each[each.length == 1 ? 0 : allowance.bandwidths().indexOf(verdict.bandwidth())];
    }
  }

  /** Field lines that are being written. */
  private static final class Text {
    private byte[] bytes;
    private int length;

    /**
     * A text.
     *
     * @param begin what it begins with
     * @param more bytes that will probably follow
     */
    Text(byte[] begin, int more) {
      bytes = Arrays.copyOf(begin, begin.length + more);
      length = begin.length;
    }

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

    /** Ends a field, or takes it back if its value is empty. */
    void end(AsciiString name, int begin) {
      if (length == begin) {
        length = begin - IS.length - name.length();
      } else {
        put(END);
      }
    }

    void put(byte[] more) {
      int from = room(more.length);
      for (int i = 0; i < more.length; i++) {
        bytes[from + i] = more[i];
      }
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

  /**
   * Writes both in the place of what the service says of limits of its own: as lines, or where
   * there is no place for lines as headers.
   */
  void write(List<LimitVerdict> verdicts, Reply reply) {
    Text text = verdicts.size() == 1 ? one(verdicts, verdicts.get(0)) : several(verdicts);
    if (text != null && text.length > 0) {
      MultiMap headers = reply.headers();
      headers.remove(POLICY).remove(STATE);
      Reply.Lines lines = reply instanceof Reply.Proxied proxied ? proxied.lines() : null;
      if (lines != null) {
        lines.add(text.bytes, text.length);
      } else {
        add(text, headers);
      }
    }
  }

  private static void add(Text lines, MultiMap headers) {
    AsciiString all = new AsciiString(lines.bytes, 0, lines.length, false);
    for (int at = 0, end; at < lines.length; at = end + END.length) {
      int colon = all.indexOf(':', at);
      int value = colon + IS.length;
      end = all.indexOf('\r', value);
      headers.add(all.subSequence(at, colon, false), all.subSequence(value, end, false));
    }
  }

  private @Nullable Text one(List<LimitVerdict> alone, LimitVerdict verdict) {
    Known said = known(verdict);
    if (!said.tells(verdict)) {
      return said.shown() ? several(alone) : null;
    }
    Text text = new Text(said.alone(verdict), MOST_OF_STATE);
    state(text, verdict);
    text.put(END);
    return text;
  }

  private Text several(List<LimitVerdict> verdicts) {
    Text text = new Text(NOTHING, USUAL);
    int policies = text.begin(POLICY);
    for (int i = 0; i < verdicts.size(); i++) {
      Known said = known(verdicts.get(i));
      if (said.shown()) {
        text.next(policies);
        text.put(said.members());
      }
    }
    text.end(POLICY, policies);
    int states = text.begin(STATE);
    for (int i = 0; i < verdicts.size(); i++) {
      LimitVerdict verdict = verdicts.get(i);
      Known said = known(verdict);
      if (said.tells(verdict)) {
        text.next(states);
        text.put(said.name(verdict));
        state(text, verdict);
      }
    }
    text.end(STATE, states);
    return text;
  }

  private static void state(Text text, LimitVerdict verdict) {
    text.put(verdict.remaining());
    text.put(RESET);
    text.put(verdict.resetNanos() == 0 ? 0 : ceilSeconds(verdict.resetNanos()));
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
