package app.avalo.gateway.upstream;

import app.avalo.gateway.config.ListenerConfig.KeyPair;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;

/** A service's TLS in a client's terms; the same for its traffic and for its checks. */
public final class UpstreamTrust {
  private UpstreamTrust() {}

  public static ClientSSLOptions of(UpstreamTls tls) {
    ClientSSLOptions options =
        new ClientSSLOptions()
            .setTrustAll(!tls.verify())
            .setHostnameVerificationAlgorithm(tls.verify() ? "HTTPS" : "");
    if (tls.ca() != null) {
      options.setTrustOptions(new PemTrustOptions().addCertPath(tls.ca().toString()));
    }
    KeyPair own = tls.own();
    if (own != null) {
      options.setKeyCertOptions(
          new PemKeyCertOptions()
              .addCertPath(own.certificate().toString())
              .addKeyPath(own.key().toString()));
    }
    return options;
  }
}
