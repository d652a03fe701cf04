package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.Terms;
import app.avalo.gateway.filter.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
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
final class RateLimitFields implements Reply.Lines.Writer {
  private static final AsciiString POLICY = new AsciiString("ratelimit-policy");
  private static final AsciiString STATE = new AsciiString("ratelimit");
  private static final long SECOND = 1_000_000_000L;

  private static final int MOST_KNOWN = 1000;
  private static final byte[] IS = {':', ' '};
  private static final byte[] NEXT = {',', ' '}; // between two members
  private static final byte[] END = {'\r', '\n'};
  private static final int MOST_DIGITS = 19;
  private static final int MOST_OF_STATE = 2 * MOST_DIGITS + ";t=".length() + END.length;
  private static final int USUAL = 256; // bytes of both

  private final Map<Terms, Known> known = new IdentityHashMap<>();
  private @Nullable Known last;
  private final byte[] state = new byte[MOST_OF_STATE]; // within a call

  /**
   * What is the same for every answer about some terms. Bytes, as they go out without a character
   * being looked at again.
   *
   * @param shown whether answers tell of the policy
   * @param tells whether they tell what is left
   * @param members of {@code RateLimit-Policy}
   * @param name beginning of the member of {@code RateLimit}, up to what is left
   * @param alone both lines up to there where no other policy applies, and behind them room for the
   *     rest, which each answer writes anew
   * @param begin where that is
   */
  private record Known(
      Terms terms,
      boolean shown,
      boolean tells,
      byte[] members,
      byte[] name,
      byte[] alone,
      int begin) {
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
      byte[] alone = bytes(POLICY + ": " + members + "\r\n" + STATE + ": " + deciding);
      return new Known(
          terms,
          shown,
          shown && !terms.by().isNobody(),
          bytes(members),
          bytes(deciding),
          Arrays.copyOf(alone, alone.length + MOST_OF_STATE),
          alone.length);
    }

    private static byte[] bytes(CharSequence ascii) {
      return new AsciiString(ascii).array();
    }
  }

  /**
   * Puts both in the place of what the service says of limits of its own: as lines, or where there
   * is no place for lines as headers.
   */
  void tell(Exchange exchange, Reply reply) {
    if (shows(exchange)) {
      MultiMap headers = reply.headers();
      headers.remove(POLICY).remove(STATE);
      Reply.Lines lines = reply instanceof Reply.Proxied proxied ? proxied.lines() : null;
      if (lines != null) {
        lines.add(this, exchange);
      } else {
        ByteBuf text = Unpooled.buffer(USUAL);
        write(exchange, text);
        add(new AsciiString(text.array(), 0, text.readableBytes(), false), headers);
      }
    }
  }

  private boolean shows(Exchange exchange) {
    LimitVerdict only = exchange.limit();
    if (only != null) {
      return known(only.terms()).shown;
    }
    List<LimitVerdict> verdicts = exchange.limits();
    for (int i = 0; i < verdicts.size(); i++) {
      if (known(verdicts.get(i).terms()).shown) {
        return true;
      }
    }
    return false;
  }

  private static void add(AsciiString lines, MultiMap headers) {
    for (int at = 0, end; at < lines.length(); at = end + END.length) {
      int value = lines.indexOf(':', at) + IS.length;
      end = lines.indexOf('\r', value);
      headers.add(
          lines.subSequence(at, value - IS.length, false), lines.subSequence(value, end, false));
    }
  }

  @Override
  public void write(Exchange exchange, ByteBuf head) {
    LimitVerdict only = exchange.limit();
    Known said = only == null ? null : known(only.terms());
    if (only != null && said.tells) {
      byte[] text = said.alone;
      int end = state(text, said.begin, only);
      text[end] = '\r';
      text[end + 1] = '\n';
      head.writeBytes(text, 0, end + END.length);
    } else {
      write(exchange.limits(), head);
    }
  }

  private void write(List<LimitVerdict> verdicts, ByteBuf head) {
    int policies = begin(POLICY, head);
    for (int i = 0; i < verdicts.size(); i++) {
      Known said = known(verdicts.get(i).terms());
      if (said.shown) {
        next(policies, head);
        head.writeBytes(said.members);
      }
    }
    end(POLICY, policies, head);
    int states = begin(STATE, head);
    for (int i = 0; i < verdicts.size(); i++) {
      Known said = known(verdicts.get(i).terms());
      if (said.tells) {
        next(states, head);
        head.writeBytes(said.name);
        head.writeBytes(state, 0, state(state, 0, verdicts.get(i)));
      }
    }
    end(STATE, states, head);
  }

  /** Begins a field, and says where its value begins. */
  private static int begin(AsciiString name, ByteBuf head) {
    return head.writeBytes(name.array()).writeBytes(IS).writerIndex();
  }

  /** What follows is the next member of a value that began there. */
  private static void next(int begin, ByteBuf head) {
    if (head.writerIndex() > begin) {
      head.writeBytes(NEXT);
    }
  }

  /** Ends a field, or takes it back if its value is empty. */
  private static void end(AsciiString name, int begin, ByteBuf head) {
    if (head.writerIndex() > begin) {
      head.writeBytes(END);
    } else {
      head.writerIndex(begin - IS.length - name.length());
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
    if (number < 10) {
      text[from] = (byte) ('0' + number);
      return from + 1;
    }
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
