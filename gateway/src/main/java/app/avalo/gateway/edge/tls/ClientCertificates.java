package app.avalo.gateway.edge.tls;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.ListenerConfig.ClientAuth;
import app.avalo.gateway.filter.client.ClientCertificate;
import io.vertx.core.http.HttpConnection;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** Reads who a client proved to be, once per connection. */
public final class ClientCertificates {
  /** More names than anybody needs; the rest is not read. */
  private static final int NAMES = 64;

  private ClientCertificates() {}

  /** The certificate that the handshake verified, or null if none was asked for or shown. */
  public static @Nullable ClientCertificate of(
      HttpConnection connection, ListenerConfig.@Nullable Tls tls) {
    SSLSession session = connection.sslSession();
    if (tls == null || tls.clientAuth() == ClientAuth.NONE || session == null) {
      return null;
    }
    try {
      return session.getPeerCertificates()[0] instanceof X509Certificate leaf
          ? read(leaf, tls.forwardClientCert())
          : null;
    } catch (SSLPeerUnverifiedException anonymous) {
      return null;
    } catch (GeneralSecurityException unreadable) {
      // It was parsed to be verified; what cannot be read again is not to be believed.
      return null;
    }
  }

  static ClientCertificate read(X509Certificate leaf, boolean forwarded)
      throws GeneralSecurityException {
    byte[] der = leaf.getEncoded();
    return new ClientCertificate(
        leaf.getSubjectX500Principal().getName(),
        names(leaf),
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der)),
        forwarded ? ':' + Base64.getEncoder().encodeToString(der) + ':' : null);
  }

  private static List<String> names(X509Certificate leaf) throws GeneralSecurityException {
    Collection<List<?>> all = leaf.getSubjectAlternativeNames();
    List<String> names = new ArrayList<>();
    for (List<?> name : all == null ? List.<List<?>>of() : all) {
      String kind = kind((Integer) name.get(0));
      if (kind != null && names.size() < NAMES) {
        names.add(kind + name.get(1));
      }
    }
    return List.copyOf(names);
  }

  /** RFC 5280, 4.2.1.6: the kinds of names that are text. */
  private static @Nullable String kind(int tag) {
    return switch (tag) {
      case 1 -> "email:";
      case 2 -> "dns:";
      case 6 -> "uri:";
      case 7 -> "ip:";
      default -> null;
    };
  }
}
