package app.avalo.gateway.testing;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.jspecify.annotations.Nullable;

/** A certificate authority in a directory. Writes what operators have: PEM files. */
public final class TestAuthority {
  private final Path directory;
  private final X509Bundle own;
  private final Map<Pair, X509Bundle> issued = new HashMap<>();

  /**
   * Certificate chain and key on disk.
   *
   * @param certificate leaf first
   * @param key PKCS 8
   */
  public record Pair(Path certificate, Path key) {
    /** Puts this pair where another was, the key first, as a renewal does. */
    public void replace(Pair old) {
      replaceKey(old);
      move(certificate, old.certificate);
    }

    /** Puts only the key where another was. */
    public void replaceKey(Pair old) {
      move(key, old.key);
    }

    /** The same under another name. */
    public Pair copy(Path directory, String name) {
      Pair copy = new Pair(directory.resolve(name + ".crt"), directory.resolve(name + ".key"));
      replace(copy);
      return copy;
    }

    /** The certificate itself. */
    public X509Certificate leaf() {
      try (InputStream in = Files.newInputStream(certificate)) {
        return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
      } catch (GeneralSecurityException | IOException failed) {
        throw new AssertionError(failed);
      }
    }

    private static void move(Path from, Path to) {
      try {
        Path beside = to.resolveSibling(to.getFileName() + ".new");
        Files.copy(from, beside, StandardCopyOption.REPLACE_EXISTING);
        Files.move(beside, to, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }
  }

  private TestAuthority(Path directory, X509Bundle own) {
    this.directory = directory;
    this.own = own;
  }

  /** Makes a new authority with a key of its own. */
  public static TestAuthority in(Path directory) {
    try {
      X509Bundle own =
          new CertificateBuilder()
              .subject("CN=test CA")
              .setIsCertificateAuthority(true)
              .ecp256()
              .buildSelfSigned();
      TestAuthority authority = new TestAuthority(directory, own);
      write(authority.certificate(), pem(own.getCertificate()));
      return authority;
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }

  /** The authority's own certificate. */
  public Path certificate() {
    return directory.resolve("ca.crt");
  }

  /**
   * Issues a certificate.
   *
   * @param names such as {@code dns:localhost} or {@code ip:127.0.0.1}
   */
  public Pair issue(String names) {
    String name = "leaf" + issued.size();
    Pair pair = new Pair(directory.resolve(name + ".crt"), directory.resolve(name + ".key"));
    try {
      CertificateBuilder builder = new CertificateBuilder().subject("CN=" + name).ecp256();
      builder.addExtensionOctetString("2.5.29.17", false, names(names));
      X509Bundle leaf = builder.buildIssuedBy(own);
      write(pair.certificate, pem(leaf.getCertificatePathWithRoot()));
      write(pair.key, leaf.getPrivateKeyPEM());
      issued.put(pair, leaf);
      return pair;
    } catch (Exception failed) {
      throw new AssertionError(failed);
    }
  }

  /** By hand, since the builder refuses wildcards. */
  private static byte[] names(String names) throws IOException {
    List<GeneralName> all = new ArrayList<>();
    for (String each : names.split(",")) {
      String value = each.substring(each.indexOf(':') + 1);
      all.add(
          switch (each.substring(0, each.indexOf(':'))) {
            case "dns" -> new GeneralName(GeneralName.dNSName, value);
            case "ip" -> new GeneralName(GeneralName.iPAddress, value);
            case "uri" -> new GeneralName(GeneralName.uniformResourceIdentifier, value);
            default -> throw new IllegalArgumentException(each + " (expected dns:, ip: or uri:)");
          });
    }
    return new GeneralNames(all.toArray(GeneralName[]::new)).getEncoded();
  }

  /** A client's context that trusts this authority only. */
  public SSLContext trusting() {
    return context(null);
  }

  /** A client's context that trusts this authority only and shows a certificate of another's. */
  public SSLContext trusting(TestAuthority other, Pair shown) {
    return context(other.keys(shown));
  }

  private SSLContext context(KeyManager @Nullable [] keys) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, own.toTrustManagerFactory().getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException failed) {
      throw new AssertionError(failed);
    }
  }

  /** What a client needs to show a certificate of this authority. */
  public KeyManager[] keys(Pair pair) {
    try {
      return Objects.requireNonNull(issued.get(pair)).toKeyManagerFactory().getKeyManagers();
    } catch (GeneralSecurityException failed) {
      throw new AssertionError(failed);
    }
  }

  private static String pem(X509Certificate... chain) throws CertificateEncodingException {
    StringBuilder text = new StringBuilder();
    for (X509Certificate each : chain) {
      String encoded =
          Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(each.getEncoded());
      text.append("-----BEGIN CERTIFICATE-----\n").append(encoded);
      text.append("\n-----END CERTIFICATE-----\n");
    }
    return text.toString();
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
