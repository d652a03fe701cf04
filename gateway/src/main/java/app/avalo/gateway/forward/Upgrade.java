package app.avalo.gateway.forward;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Place;
import app.avalo.gateway.forward.choice.Destination;
import app.avalo.gateway.forward.head.HeaderCopy;
import app.avalo.gateway.upstream.Fields;
import app.avalo.gateway.websocket.Tunnel;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.NetSocket;
import java.util.Objects;

/** The last step of a WebSocket handshake: both sides agreed, the exchange becomes a tunnel. */
final class Upgrade {
  static final int SWITCHING_PROTOCOLS = 101;

  private static final CharSequence EXTENSIONS = AsciiString.cached("sec-websocket-extensions");

  private Upgrade() {}

  /** Offers no compression to a service whose channels are counted: messages have to be read. */
  static void keepReadable(Exchange exchange, MultiMap headers) {
    if (Objects.requireNonNull(exchange.target()).service().config().webSocket().channels() > 0) {
      headers.remove(EXTENSIONS);
    }
  }

  static void complete(
      Forwarder forwarder,
      Exchange exchange,
      Attempt by,
      Fields fields,
      Place place,
      NetSocket server) {
    HttpServerRequest request = Objects.requireNonNull(exchange.request());
    HttpServerResponse response = request.response();
    HeaderCopy.down(fields, response.headers());
    response.headers().set(HttpHeaders.UPGRADE, "websocket");
    response.headers().set(HttpHeaders.CONNECTION, "Upgrade");
    forwarder.responder().head(exchange, SWITCHING_PROTOCOLS, response.headers());
    request
        .toNetSocket()
        .onComplete(
            (client, failure) -> {
              if (client == null) {
                place.release();
                abandoned(forwarder, exchange, by);
                return;
              }
              client.pause();
              new Tunnel(
                      forwarder.webSockets(),
                      exchange,
                      new Tunnel.Origin(
                          by.destination().region().name(),
                          by.member().health(),
                          Destination.caller(exchange),
                          response.headers().get("Sec-WebSocket-Protocol"),
                          response.headers().get(EXTENSIONS)),
                      new Tunnel.Ends(client, server),
                      place,
                      error -> {
                        by.finish();
                        forwarder.responder().done(exchange, error);
                      })
                  .start();
            });
  }

  private static void abandoned(Forwarder forwarder, Exchange exchange, Attempt by) {
    by.finish();
    Objects.requireNonNull(exchange.request()).response().reset();
    forwarder.responder().done(exchange, Errors.CLIENT_GONE);
  }
}
