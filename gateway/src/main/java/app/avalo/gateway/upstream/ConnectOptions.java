package app.avalo.gateway.upstream;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import io.vertx.core.http.HttpConnectOptions;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;

/** How an endpoint is reached, in the client's terms. */
final class ConnectOptions {
  private ConnectOptions() {}

  static HttpConnectOptions of(Endpoint endpoint, UpstreamTls tls, Duration connect) {
    HttpConnectOptions options =
        new HttpConnectOptions()
            .setServer(SocketAddress.inetSocketAddress(endpoint.port(), endpoint.host()))
            .setHost(tls.serverName() == null ? endpoint.host() : tls.serverName())
            .setPort(endpoint.port())
            .setSsl(endpoint.tls())
            .setConnectTimeout(connect.toMillis());
    if (!endpoint.tls()) {
      return options;
    }
    ClientSSLOptions ssl =
        new ClientSSLOptions()
            .setTrustAll(!tls.verify())
            .setHostnameVerificationAlgorithm(tls.verify() ? "HTTPS" : "");
    if (tls.ca() != null) {
      ssl.setTrustOptions(new PemTrustOptions().addCertPath(tls.ca().toString()));
    }
    return options.setSslOptions(ssl);
  }
}
