package app.avalo.gateway.region.probe;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import app.avalo.gateway.region.probe.Prober.Outcome;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientConnection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * HTTP/2 connections that are kept for PING, one for each address. One that missed a PING is
 * closed, so that the next check opens another: a burst tries more than one path.
 */
final class Pings {
  private static final Buffer DATA = Buffer.buffer(new byte[8]); // RFC 9113, 6.7: eight octets

  private final Map<Address, HttpClientConnection> warm = new HashMap<>();

  private record Address(Endpoint endpoint, UpstreamTls tls) {}

  void ping(Prober.Target target, Verdict verdict, Supplier<Future<HttpClientConnection>> connect) {
    Address address = new Address(target.endpoint(), target.tls());
    HttpClientConnection kept = warm.get(address);
    if (kept != null) {
      ping(address, kept, verdict);
    } else {
      connect
          .get()
          .onComplete(opened -> ping(address, keep(address, opened), verdict), verdict::failed);
    }
  }

  private HttpClientConnection keep(Address address, HttpClientConnection opened) {
    opened.exceptionHandler(lost -> {}); // the ping on it fails, or the next check opens another
    HttpClientConnection other = warm.putIfAbsent(address, opened);
    if (other != null) {
      opened.close();
      return other;
    }
    opened.closeHandler(closed -> warm.remove(address, opened));
    return opened;
  }

  private void ping(Address address, HttpClientConnection on, Verdict verdict) {
    if (verdict.isOver()) {
      return;
    }
    boolean[] answered = new boolean[1];
    verdict.connected(
        () -> {
          if (!answered[0]) {
            warm.remove(address, on);
            on.close();
          }
        });
    verdict.asked();
    on.ping(DATA)
        .onComplete(
            pong -> {
              answered[0] = true;
              verdict.heard();
              verdict.end(Outcome.OK, "pong");
            },
            verdict::failed);
  }
}
