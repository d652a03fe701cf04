package app.avalo.gateway.filter.pin;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.pin.PinCookie.Tenure;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One request as this package sees it.
 *
 * @param exchange the request
 * @param map of its service's group
 * @param cookies under the exchange's configuration
 * @param cookie the caller's valid one, or null
 * @param identity the caller's; a new session for an anonymous one without cookie
 */
record Visit(
    Exchange exchange,
    GroupMap map,
    PinCookies cookies,
    @Nullable PinCookie cookie,
    PinIdentity identity) {

  /** What the cookie says of a group, or null. */
  @Nullable Tenure tenure(String group) {
    return cookie == null ? null : cookie.tenure(group);
  }

  /** Life of a home in the store; zero, which changes nothing there, when only explaining. */
  Duration ttl() {
    return exchange.explaining() ? Duration.ZERO : cookies.config().ttl();
  }

  boolean isSession() {
    return identity.kind() == PinIdentity.Kind.SESSION;
  }

  /** The same request of somebody without a past. */
  Visit anew(PinIdentity session) {
    return new Visit(exchange, map, cookies, null, session);
  }
}
