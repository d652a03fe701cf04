package app.avalo.gateway.region.probe;

import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.SocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Checks over the service's protocol, each on a connection of its own; one loop. */
public final class HttpProber implements Prober {
  private final HttpClientAgent http1;
  private final HttpClientAgent http2;
  private final Timers timers;
  private final Map<UpstreamTls, ClientSSLOptions> trust = new HashMap<>();

  private HttpProber(HttpClientAgent http1, HttpClientAgent http2, Timers timers) {
    this.http1 = http1;
    this.http2 = http2;
    this.timers = timers;
  }

  /** A prober for the calling event loop; closed with its verticle. */
  public static HttpProber of(Vertx vertx, Timers timers) {
    HttpClientOptions options =
        new HttpClientOptions()
            .setKeepAlive(false)
            .setTcpNoDelay(true)
            .setDecompressionSupported(false);
    HttpClientOptions shared =
        new HttpClientOptions(options)
            .setProtocolVersion(HttpVersion.HTTP_2)
            .setUseAlpn(true)
            .setHttp2ClearTextUpgrade(false);
    return new HttpProber(vertx.createHttpClient(options), vertx.createHttpClient(shared), timers);
  }

  @Override
  public void probe(Target target, Consumer<Result> done) {
    HttpProbe probe = new HttpProbe(target, done);
    probe.begin(timers.after(target.check().timeout(), probe::late));
    HttpClientAgent client = target.protocol() == Protocol.HTTP2 ? http2 : http1;
    client.connect(connect(target)).onComplete(probe::connected, probe::failed);
  }

  private HttpConnectOptions connect(Target target) {
    var endpoint = target.endpoint();
    String name = target.tls().serverName();
    HttpConnectOptions options = new HttpConnectOptions();
    options.setServer(SocketAddress.inetSocketAddress(endpoint.port(), endpoint.host()));
    options.setHost(endpoint.tls() && name != null ? name : endpoint.host());
    options.setPort(endpoint.port());
    options.setSsl(endpoint.tls());
    options.setConnectTimeout(target.check().timeout().toMillis());
    if (endpoint.tls()) {
      options.setSslOptions(trust.computeIfAbsent(target.tls(), UpstreamTrust::of));
    }
    return options;
  }
}
