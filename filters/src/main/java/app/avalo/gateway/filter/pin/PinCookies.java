package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.PinIdentity.Kind;
import app.avalo.gateway.filter.pin.store.KnownCookies;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the cookie under one configuration. Remembers what it has verified, so that the
 * cookie of a client that comes again is only read. Confined to one event loop.
 */
final class PinCookies {
  /** A second cookie of our name may have been planted by a neighbour domain; it hides nothing. */
  private static final int MOST_CANDIDATES = 4;

  /** Where clients without a cookie jar carry the same value; an empty one asks for it. */
  private static final CharSequence TOKEN = AsciiString.cached("pin-token");

  /** The same for the session of services that bind sessions, whoever is logged in. */
  private static final CharSequence SESSION = AsciiString.cached("pin-session");

  private static final SecureRandom RANDOM = new SecureRandom();

  private final PinConfig config;
  private final String sessionCookie;
  private final PinCodec codec;
  private final @Nullable PinSeal seal; // null without a key that services could know
  private final PinCounters counters;
  private final KnownCookies known = new KnownCookies(RANDOM);

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
    if (end - start < PinCodec.FEWEST_CHARS || end - start > PinCodec.MOST_CHARS) {
      counters.add(Event.COOKIE_MALFORMED);
      return null;
    }
    Kind kind = PinIdentity.kind(caller);
    String name = PinIdentity.name(caller);
    long mark = known.mark(header, start, end, kind.ordinal(), name);
    boolean good = known.has(mark);
    PinCookie cookie = good ? codec.parse(header, start, end) : codec.decode(header, start, end);
    if (cookie == null) {
      return null;
    }
    if (cookie.expiresSeconds() * 1000 <= nowMillis) {
      counters.add(Event.COOKIE_EXPIRED);
      return null;
    }
    if (!good && !belongsTo(cookie, kind, caller)) {
      counters.add(Event.COOKIE_FOREIGN);
      return null;
    }
    if (!good) {
      known.learn(mark);
    }
    counters.add(Event.COOKIE_ACCEPTED);
    return cookie;
  }

  private static boolean belongsTo(PinCookie cookie, Kind kind, Caller caller) {
    return kind == Kind.SESSION
        ? cookie.identity().kind() == Kind.SESSION
        : cookie.identity().equals(PinIdentity.of(caller));
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
