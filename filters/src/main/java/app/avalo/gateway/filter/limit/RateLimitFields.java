package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.Terms;
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
  private static final int MOST_DIGITS = 19;
  private static final int MOST_OF_STATE = 2 * MOST_DIGITS + ";t=".length();
  private static final int USUAL = 256; // bytes of the fields of several

  private final Map<Terms, Known> known = new IdentityHashMap<>();
  private @Nullable Known last;

  /**
   * What is the same for every answer about some terms. Bytes, as they go out without a character
   * being looked at again.
   *
   * @param shown whether answers tell of the policy
   * @param tells whether they tell what is left
   * @param members of {@code RateLimit-Policy}
   * @param name beginning of the member of {@code RateLimit}, up to what is left
   * @param alone both lines up to there where no other policy applies
   */
  private record Known(
      Terms terms, boolean shown, boolean tells, byte[] members, byte[] name, byte[] alone) {
    static Known of(Terms terms) {
      LimitConfig policy = terms.policy();
      List<Bandwidth> bandwidths = terms.allowance().bandwidths();
      StringBuilder members = new StringBuilder();
      String deciding = "";
      for (Bandwidth bandwidth : bandwidths) {
        String name = quoted(policy, bandwidths.size() > 1 ? "/" + bandwidth.rate().per() : "");
        members.append(members.isEmpty() ? "" : ", ").append(name).append(granted(bandwidth));
        deciding = bandwidth == terms.bandwidth() ? name + ";r=" : deciding;
      }
      boolean shown = policy.fields() && !policy.shadow();
      return new Known(
          terms,
          shown,
          shown && !terms.by().isNobody(),
          bytes(members),
          bytes(deciding),
          bytes(POLICY + ": " + members + "\r\n" + STATE + ": " + deciding));
    }

    private static byte[] bytes(CharSequence ascii) {
      return new AsciiString(ascii).array();
    }
  }

  /** Field lines of several policies that are being written. */
  private static final class Text {
    private byte[] bytes = new byte[USUAL];
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

    /** Ends a field, or takes it back if its value is empty. */
    void end(AsciiString name, int begin) {
      if (length == begin) {
        length = begin - IS.length - name.length();
      } else {
        put(END);
      }
    }

    void put(byte[] more) {
      room(more.length);
      System.arraycopy(more, 0, bytes, length, more.length);
      length += more.length;
    }

    void state(LimitVerdict verdict) {
      room(MOST_OF_STATE);
      length = RateLimitFields.state(bytes, length, verdict);
    }

    private void room(int more) {
      if (length + more > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * (length + more));
      }
    }
  }

  /**
   * Writes both in the place of what the service says of limits of its own: as lines, or where
   * there is no place for lines as headers.
   */
  void write(LimitVerdict alone, Reply reply) {
    Known said = known(alone.terms());
    if (said.tells) {
      byte[] text = Arrays.copyOf(said.alone, said.alone.length + MOST_OF_STATE + END.length);
      int end = state(text, said.alone.length, alone);
      text[end] = '\r';
      text[end + 1] = '\n';
      add(text, end + END.length, reply);
    } else if (said.shown) {
      write(List.of(alone), reply);
    }
  }

  /** Likewise of several policies. */
  void write(List<LimitVerdict> verdicts, Reply reply) {
    Text text = new Text();
    int policies = text.begin(POLICY);
    for (int i = 0; i < verdicts.size(); i++) {
      Known said = known(verdicts.get(i).terms());
      if (said.shown) {
        text.next(policies);
        text.put(said.members);
      }
    }
    text.end(POLICY, policies);
    int states = text.begin(STATE);
    for (int i = 0; i < verdicts.size(); i++) {
      Known said = known(verdicts.get(i).terms());
      if (said.tells) {
        text.next(states);
        text.put(said.name);
        text.state(verdicts.get(i));
      }
    }
    text.end(STATE, states);
    if (text.length > 0) {
      add(text.bytes, text.length, reply);
    }
  }

  private static void add(byte[] text, int length, Reply reply) {
    MultiMap headers = reply.headers();
    headers.remove(POLICY).remove(STATE);
    Reply.Lines lines = reply instanceof Reply.Proxied proxied ? proxied.lines() : null;
    if (lines != null) {
      lines.add(text, length);
    } else {
      add(text, length, headers);
    }
  }

  private static void add(byte[] text, int length, MultiMap headers) {
    AsciiString all = new AsciiString(text, 0, length, false);
    for (int at = 0, end; at < length; at = end + END.length) {
      int colon = all.indexOf(':', at);
      int value = colon + IS.length;
      end = all.indexOf('\r', value);
      headers.add(all.subSequence(at, colon, false), all.subSequence(value, end, false));
    }
  }

  /** Writes what is left and when it is whole again, and says where that ends. */
  private static int state(byte[] text, int from, LimitVerdict verdict) {
    int at = digits(text, from, verdict.remaining());
    text[at] = ';';
    text[at + 1] = 't';
    text[at + 2] = '=';
    long reset = verdict.resetNanos();
    return digits(text, at + 3, reset == 0 ? 0 : ceilSeconds(reset));
  }

  /** Writes the digits of a number that is not negative, and says where they end. */
  private static int digits(byte[] text, int from, long number) {
    int end = from + 1;
    for (long least = 10; number >= least && end < from + MOST_DIGITS; least *= 10) {
      end++;
    }
    long rest = number;
    for (int at = end - 1; at >= from; at--) {
      text[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    return end;
  }

  private Known known(Terms terms) {
    Known before = last;
    if (before == null || before.terms != terms) {
      before = known.get(terms);
      before = before == null ? make(terms) : before;
      last = before;
    }
    return before;
  }

  private Known make(Terms terms) {
    // Reloads, schedules and overrides make new ones.
    if (known.size() >= MOST_KNOWN) {
      known.clear();
    }
    Known made = Known.of(terms);
    known.put(terms, made);
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
