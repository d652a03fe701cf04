package app.avalo.gateway.edge.tls;

import app.avalo.gateway.config.ListenerConfig;
import io.netty.handler.ssl.OpenSsl;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.OpenSSLEngineOptions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** TLS of a listener, in the server's terms. */
public final class TlsOptions {
  /**
   * Mozilla's intermediate recommendation without plain DHE: forward secrecy and authenticated
   * encryption only. BoringSSL would offer AES-CBC as well.
   */
  private static final List<String> CIPHER_SUITES =
      List.of(
          "TLS_AES_128_GCM_SHA256",
          "TLS_AES_256_GCM_SHA384",
          "TLS_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  private TlsOptions() {}

  /** The library that encrypts: BoringSSL where it can be loaded, otherwise the JDK's. */
  public static String engine() {
    return OpenSSLEngineOptions.isAvailable() ? OpenSsl.versionString() : "JDK";
  }

  /** Adds them; the same again with files read later is a renewal. */
  public static void add(
      HttpServerOptions options, ListenerConfig.Tls tls, TlsFiles files, boolean http2) {
    Set<String> versions = new LinkedHashSet<>();
    if ("TLSv1.2".equals(tls.minVersion())) {
      versions.add("TLSv1.2");
    }
    versions.add("TLSv1.3");
    options
        .setSsl(true)
        .setSni(tls.certificates().size() > 1)
        .setUseAlpn(http2)
        .setEnabledSecureTransportProtocols(versions)
        .setSslHandshakeTimeout(tls.handshakeTimeout().toMillis())
        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setKeyCertOptions(files.keys())
        .setTrustOptions(files.clientCa())
        .setClientAuth(
            switch (tls.clientAuth()) {
              case NONE -> ClientAuth.NONE;
              case REQUEST -> ClientAuth.REQUEST;
              case REQUIRE -> ClientAuth.REQUIRED;
            });
    CIPHER_SUITES.forEach(options::addEnabledCipherSuite);
    if (OpenSSLEngineOptions.isAvailable()) {
      options
          .setKeyCertOptions(new KeptKeys(files.keys()))
          .setSslEngineOptions(new OpenSSLEngineOptions().setSessionCacheEnabled(true));
    }
  }
}
