package app.avalo.gateway.region.probe;

import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.SocketAddress;
import java.util.function.Consumer;

/** Checks over the network, PINGs excepted each on a connection of its own; one loop. */
public final class HttpProber implements Prober {
  /** A connection for PINGs that none uses any more closes by itself. */
  private static final int PING_IDLE_SECONDS = 60;

  private final HttpClientAgent http1;
  private final HttpClientAgent http2;
  private final NetClient sockets;
  private final Pings pings = new Pings();
  private final Timers timers;
  private final UpstreamTrust trust;

  private HttpProber(
      HttpClientAgent http1,
      HttpClientAgent http2,
      NetClient sockets,
      Timers timers,
      UpstreamTrust trust) {
    this.http1 = http1;
    this.http2 = http2;
    this.sockets = sockets;
    this.timers = timers;
    this.trust = trust;
  }

  /** A prober for the calling event loop; closed with its verticle. */
  public static HttpProber of(Vertx vertx, Timers timers, UpstreamTrust trust) {
    HttpClientOptions options =
        new HttpClientOptions()
            .setKeepAlive(false)
            .setTcpNoDelay(true)
            .setDecompressionSupported(false);
    HttpClientOptions shared =
        new HttpClientOptions(options)
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setUseAlpn(true)
            .setHttp2ClearTextUpgrade(false)
            .setIdleTimeout(PING_IDLE_SECONDS);
    return new HttpProber(
        vertx.createHttpClient(options),
        vertx.createHttpClient(shared),
        vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true)),
        timers,
        trust);
  }

  @Override
  public void probe(Target target, Consumer<Result> done) {
    Verdict verdict = new Verdict(timers, Ticker.SYSTEM, target.check().times().timeout(), done);
    switch (target.check().kind()) {
      case HTTP -> {
        HttpProbe probe = new HttpProbe(target, verdict);
        HttpClientAgent client = target.protocol() == Protocol.HTTP2 ? http2 : http1;
        client.connect(connect(target)).onComplete(probe::connected, verdict::failed);
      }
      case HTTP2_PING -> pings.ping(target, verdict, () -> http2.connect(connect(target)));
      case TCP -> {
        verdict.asked();
        sockets
            .connect(socket(target))
            .onComplete(
                socket -> {
                  if (!target.endpoint().tls()) {
                    verdict.heard();
                  }
                  verdict.end(Outcome.OK, "connected");
                  socket.close();
                },
                verdict::failed);
      }
    }
  }

  private HttpConnectOptions connect(Target target) {
    var endpoint = target.endpoint();
    HttpConnectOptions options = new HttpConnectOptions();
    options.setServer(SocketAddress.inetSocketAddress(endpoint.port(), endpoint.host()));
    options.setHost(name(target));
    options.setPort(endpoint.port());
    options.setSsl(endpoint.tls());
    options.setConnectTimeout(target.check().times().timeout().toMillis());
    if (endpoint.tls()) {
      options.setSslOptions(trust.of(target.tls()));
    }
    return options;
  }

  private ConnectOptions socket(Target target) {
    var endpoint = target.endpoint();
    ConnectOptions options =
        new ConnectOptions()
            .setRemoteAddress(SocketAddress.inetSocketAddress(endpoint.port(), endpoint.host()))
            .setHost(name(target))
            .setPort(endpoint.port())
            .setSsl(endpoint.tls())
            .setTimeout((int) target.check().times().timeout().toMillis());
    if (endpoint.tls()) {
      options.setSniServerName(name(target));
      options.setSslOptions(trust.of(target.tls()));
    }
    return options;
  }

  /** What an endpoint's certificate must name. */
  private static String name(Target target) {
    String expected = target.tls().serverName();
    return target.endpoint().tls() && expected != null ? expected : target.endpoint().host();
  }
}
