package app.avalo.gateway.upstream;

import app.avalo.gateway.config.ListenerConfig.KeyPair;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import app.avalo.gateway.pem.Authorities;
import app.avalo.gateway.pem.KeyPairs;
import io.vertx.core.Vertx;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Services' TLS in a client's terms, the same for their traffic and for their checks: by what its
 * files held when they could last be used. Safe from every thread.
 */
public final class UpstreamTrust {
  private final Vertx vertx;
  private final Map<UpstreamTls, ClientSSLOptions> proved = new ConcurrentHashMap<>();

  public UpstreamTrust(Vertx vertx) {
    this.vertx = vertx;
  }

  /** What a new connection uses, for the caller to add to. */
  public ClientSSLOptions of(UpstreamTls tls) {
    ClientSSLOptions read = proved.get(tls);
    return read == null ? unread(tls) : read.copy();
  }

  /** Every file that is read. */
  public static List<Path> files(UpstreamTls tls) {
    List<Path> files = new ArrayList<>();
    if (tls.ca() != null) {
      files.add(tls.ca());
    }
    if (tls.own() != null) {
      files.add(tls.own().certificate());
      files.add(tls.own().key());
    }
    return List.copyOf(files);
  }

  /**
   * Reads the files for connections that are opened from now on; blocks.
   *
   * @return whether they hold something else than before
   * @throws GeneralSecurityException if one cannot be used; the message names it, and what was
   *     there before stays in use
   */
  public boolean read(UpstreamTls tls) throws GeneralSecurityException {
    ClientSSLOptions now = without(tls);
    if (tls.ca() != null) {
      now.setTrustOptions(Authorities.read(vertx, tls.ca()));
    }
    if (tls.own() != null) {
      now.setKeyCertOptions(KeyPairs.read(vertx, List.of(tls.own())));
    }
    ClientSSLOptions before = proved.put(tls, now);
    return before != null && !now.equals(before);
  }

  /** Forgets all others. */
  public void retain(Set<UpstreamTls> used) {
    proved.keySet().retainAll(used);
  }

  private static ClientSSLOptions without(UpstreamTls tls) {
    return new ClientSSLOptions()
        .setSslHandshakeTimeout(tls.handshakeTimeout().toMillis())
        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setTrustAll(!tls.verify())
        .setHostnameVerificationAlgorithm(tls.verify() ? "HTTPS" : "");
  }

  /** Files that never could be used fail each connection, until they can. */
  private static ClientSSLOptions unread(UpstreamTls tls) {
    ClientSSLOptions options = without(tls);
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
