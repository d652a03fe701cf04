package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.PinIdentity.Kind;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the cookie under one configuration. Remembers what it has verified, so that the
 * cookie of a client that comes again costs the comparison of a string. Confined to one event loop.
 */
final class PinCookies {
  /** A second cookie of our name may have been planted by a neighbour domain; it hides nothing. */
  private static final int MOST_CANDIDATES = 4;

  /** Where clients without a cookie jar carry the same value; an empty one asks for it. */
  private static final CharSequence TOKEN = AsciiString.cached("pin-token");

  /** The same for the session of services that bind sessions, whoever is logged in. */
  private static final CharSequence SESSION = AsciiString.cached("pin-session");

  private static final int SLOT_BITS = 11;
  private static final int TAG_CHARS = 8;

  private final PinConfig config;
  private final String sessionCookie;
  private final PinCodec codec;
  private final @Nullable PinSeal seal; // null without a key that services could know
  private final PinCounters counters;
  private final @Nullable Verified[] verified = new Verified[1 << SLOT_BITS];

  /** A value that was found good; confined like its holder. */
  private static final class Verified {
    final String value;
    final long tag;
    final PinCookie cookie;
    @Nullable String owner; // the event loop: name of the caller it was last found to belong to

    Verified(String value, long tag, PinCookie cookie) {
      this.value = value;
      this.tag = tag;
      this.cookie = cookie;
    }
  }

  PinCookies(PinConfig config, PinKeys keys, PinCounters counters) {
    this.config = config;
    this.sessionCookie = config.cookie() + "-session";
    this.codec = new PinCodec(keys.of(config), counters);
    this.seal = config.keys().isEmpty() ? null : new PinSeal(keys.of(config).get(0));
    this.counters = counters;
  }

  PinConfig config() {
    return config;
  }

  /**
   * The caller's own valid cookie, or null.
   *
   * @param session whether that of a session beside the caller is meant
   */
  @Nullable PinCookie find(MultiMap headers, Caller caller, boolean session, long nowMillis) {
    String token = headers.get(session ? SESSION : TOKEN);
    if (token != null && !token.isEmpty()) {
      return checked(token, 0, token.length(), caller, nowMillis);
    }
    String first = headers.get(HttpHeaders.COOKIE);
    if (first == null) {
      return null;
    }
    String name = session ? sessionCookie : config.cookie();
    PinCookie found = find(first, name, caller, nowMillis);
    if (found != null) {
      return found;
    }
    // HTTP/2 clients may send one header per cookie
    List<String> all = headers.getAll(HttpHeaders.COOKIE);
    for (int i = 1; i < all.size() && found == null; i++) {
      found = find(all.get(i), name, caller, nowMillis);
    }
    return found;
  }

  private @Nullable PinCookie find(String header, String name, Caller caller, long nowMillis) {
    int from = 0;
    for (int tries = 0; tries < MOST_CANDIDATES; tries++) {
      int start = valueStart(header, name, from);
      if (start < 0) {
        return null;
      }
      int semicolon = header.indexOf(';', start);
      int end = semicolon < 0 ? header.length() : semicolon;
      PinCookie cookie = checked(header, start, end, caller, nowMillis);
      if (cookie != null || semicolon < 0) {
        return cookie;
      }
      from = semicolon + 1;
    }
    return null;
  }

  /** Where the value of the next cookie of this name begins, or -1. */
  private static int valueStart(String header, String name, int from) {
    int at = from;
    while (at < header.length()) {
      while (at < header.length() && header.charAt(at) == ' ') {
        at++;
      }
      int equals = at + name.length();
      if (equals < header.length() && header.charAt(equals) == '=' && header.startsWith(name, at)) {
        return equals + 1;
      }
      at = header.indexOf(';', at);
      if (at < 0) {
        return -1;
      }
      at++;
    }
    return -1;
  }

  private @Nullable PinCookie checked(
      String header, int start, int end, Caller caller, long nowMillis) {
    if (end - start < PinCodec.FEWEST_CHARS) {
      counters.add(Event.COOKIE_MALFORMED);
      return null;
    }
    Verified good = verified(header, start, end);
    if (good == null) {
      return null;
    }
    if (good.cookie.expiresSeconds() * 1000 <= nowMillis) {
      counters.add(Event.COOKIE_EXPIRED);
      return null;
    }
    if (!belongsTo(good, caller)) {
      counters.add(Event.COOKIE_FOREIGN);
      return null;
    }
    counters.add(Event.COOKIE_ACCEPTED);
    return good.cookie;
  }

  /**
   * The characters, verified now or before. The text is compared only with a value whose last 48
   * signature bits are the same, so its time tells a forger nothing he could use.
   */
  private @Nullable Verified verified(String header, int start, int end) {
    long tag = 0;
    for (int i = end - TAG_CHARS; i < end; i++) {
      tag = tag << 8 | header.charAt(i) & 0xFF;
    }
    int slot = (int) (tag * 0x9E3779B97F4A7C15L >>> 64 - SLOT_BITS);
    Verified known = verified[slot];
    if (known != null
        && known.tag == tag
        && known.value.length() == end - start
        && header.startsWith(known.value, start)) {
      return known;
    }
    PinCookie cookie = codec.decode(header, start, end);
    if (cookie == null) {
      return null;
    }
    Verified good = new Verified(header.substring(start, end), tag, cookie);
    verified[slot] = good;
    return good;
  }

  private static boolean belongsTo(Verified good, Caller caller) {
    Kind kind = PinIdentity.kind(caller);
    if (good.cookie.identity().kind() != kind) {
      return false;
    }
    if (kind == Kind.SESSION) {
      return true;
    }
    String name = kind == Kind.USER ? caller.user() : caller.apiKey();
    if (name == null || name.equals(good.owner)) {
      return name != null;
    }
    if (!good.cookie.identity().equals(PinIdentity.of(caller))) {
      return false;
    }
    good.owner = name;
    return true;
  }

  /** Whether the cookie's life is more than half over. */
  boolean isOld(PinCookie cookie, long nowMillis) {
    return cookie.expiresSeconds() * 1000 - nowMillis < config.ttl().toMillis() / 2;
  }

  /** Expiry of a cookie made now. */
  long expiresSeconds(long nowMillis) {
    return Math.min((nowMillis + config.ttl().toMillis()) / 1000, 0xFFFF_FFFFL);
  }

  /** Proves to services that the gateway said this; null without a configured key. */
  @Nullable String seal(String cell, String epoch, String lease, String requestId) {
    return seal == null ? null : seal.of(cell, epoch, lease, requestId);
  }

  /** Its signed text. */
  String token(PinCookie cookie) {
    counters.add(Event.COOKIE_SET);
    return codec.encode(cookie);
  }

  /** Puts it into an answer, in the way in which the client sends it: as a token or a cookie. */
  void give(PinCookie cookie, boolean session, Exchange.Head to, MultiMap headers) {
    String value = token(cookie);
    CharSequence token = session ? SESSION : TOKEN;
    if (to.headers().contains(token)) {
      headers.set(token, value);
      return;
    }
    headers.add(
        HttpHeaders.SET_COOKIE,
        (session ? sessionCookie : config.cookie())
            + "="
            + value
            + "; Max-Age="
            + config.ttl().toSeconds()
            + "; Path=/; HttpOnly; SameSite=Lax"
            + (to.secure() ? "; Secure" : ""));
  }
}
