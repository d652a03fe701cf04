package app.avalo.gateway.admin.http;

import app.avalo.gateway.config.AdminConfig;
import app.avalo.gateway.config.AdminConfig.Role;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides who a caller is and whether that is enough. Only a bearer token counts: no cookie, so no
 * page of somebody else can act with an operator's rights.
 *
 * <p>While no credential is configured, this machine may read and nobody may write. A caller counts
 * as this machine only with a loopback peer, a loopback name as host (a page that had its name
 * point here sends its own) and no sign of a proxy.
 */
final class Gate {
  private static final String BEARER = "Bearer ";

  private final Supplier<AdminConfig> config;
  private final Tokens tokens = new Tokens();
  private final Lockout lockout;

  Gate(Supplier<AdminConfig> config, Ticker ticker) {
    this.config = config;
    this.lockout = new Lockout(ticker);
  }

  /** The caller of a request; throws the refusal of one that is not known. */
  Who identify(HttpServerRequest request) {
    AdminConfig now = config.get();
    return now.credentials().isEmpty() ? local(request) : known(request, now);
  }

  /** Throws the refusal of a caller whose role does not suffice. */
  void require(Who who, Role needed) {
    if (who.may(needed)) {
      return;
    }
    throw Refusal.forbidden(
        config.get().credentials().isEmpty()
            ? "Writing is off because admin.credentials of the configuration is empty."
            : who.name()
                + " has the role "
                + who.label()
                + ", this needs "
                + Who.label(needed)
                + ".");
  }

  private static Who local(HttpServerRequest request) {
    if (!isThisMachine(request)) {
      throw Refusal.forbidden(
          "Without admin.credentials in the configuration only this machine may read, by a"
              + " loopback name and without a proxy.");
    }
    return Who.LOCAL;
  }

  private Who known(HttpServerRequest request, AdminConfig now) {
    IpAddress peer = peer(request);
    long seconds = lockout.secondsLeft(peer);
    if (seconds > 0) {
      throw Refusal.lockedOut(seconds);
    }
    List<String> sent = request.headers().getAll(HttpHeaders.AUTHORIZATION);
    if (sent.isEmpty()) {
      throw Refusal.unauthenticated("This needs a bearer token of admin.credentials.");
    }
    String value = sent.get(0);
    boolean bearer = value.regionMatches(true, 0, BEARER, 0, BEARER.length());
    Who who =
        sent.size() == 1 && bearer
            ? tokens.find(now, value.substring(BEARER.length()).strip())
            : null;
    if (who == null) {
      lockout.failed(peer);
      throw Refusal.unauthenticated("This bearer token is not accepted.");
    }
    return who;
  }

  /** The other end of the connection; forwarding headers count for nothing here. */
  static IpAddress peer(HttpServerRequest request) {
    String text = request.remoteAddress() == null ? null : request.remoteAddress().hostAddress();
    int zone = text == null ? -1 : text.indexOf('%');
    IpAddress parsed =
        text == null ? null : IpAddress.parse(zone < 0 ? text : text.substring(0, zone));
    return parsed == null ? new IpAddress(0, 0) : parsed;
  }

  private static boolean isThisMachine(HttpServerRequest request) {
    @Nullable HostAndPort authority = request.authority();
    return isLoopback(peer(request))
        && authority != null
        && isLoopbackName(authority.host())
        && !request.headers().contains("x-forwarded-for")
        && !request.headers().contains("forwarded");
  }

  private static boolean isLoopback(IpAddress address) {
    return address.isV4()
        ? (address.low() >>> 24 & 0xff) == 127
        : address.high() == 0 && address.low() == 1;
  }

  private static boolean isLoopbackName(String host) {
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    IpAddress address = IpAddress.parse(bare);
    return address == null ? bare.equalsIgnoreCase("localhost") : isLoopback(address);
  }
}
