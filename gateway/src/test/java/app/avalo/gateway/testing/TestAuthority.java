package app.avalo.gateway.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority in a directory, made with the JDK's {@code keytool}, which every machine
 * that runs the tests has. Writes what operators have: PEM files.
 */
public final class TestAuthority {
  private static final String PASSWORD = "only-in-tests";

  private final Path directory;
  private final Path store;
  private int issued;

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

  private TestAuthority(Path directory) {
    this.directory = directory;
    this.store = directory.resolve("store.p12");
  }

  /** Makes a new authority with a key of its own. */
  public static TestAuthority in(Path directory) {
    TestAuthority authority = new TestAuthority(directory);
    authority.keytool("-genkeypair", "-alias", "ca", "-dname", "CN=test CA", "-ext", "bc:c");
    write(directory.resolve("ca.crt"), authority.pem("CERTIFICATE", authority.chain("ca").get(0)));
    return authority;
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
    String alias = "leaf" + issued++;
    keytool(
        "-genkeypair",
        "-alias",
        alias,
        "-signer",
        "ca",
        "-dname",
        "CN=" + alias,
        "-ext",
        "san=" + names);
    Pair pair = new Pair(directory.resolve(alias + ".crt"), directory.resolve(alias + ".key"));
    StringBuilder chain = new StringBuilder();
    chain(alias).forEach(der -> chain.append(pem("CERTIFICATE", der)));
    write(pair.certificate, chain.toString());
    write(pair.key, pem("PRIVATE KEY", key(alias)));
    return pair;
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
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("ca", open().getCertificate("ca"));
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException failed) {
      throw new AssertionError(failed);
    }
  }

  /** What a client needs to show a certificate of this authority. */
  public KeyManager[] keys(Pair pair) {
    try {
      String alias = pair.certificate.getFileName().toString().replace(".crt", "");
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      own.setKeyEntry(
          alias,
          open().getKey(alias, PASSWORD.toCharArray()),
          PASSWORD.toCharArray(),
          open().getCertificateChain(alias));
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, PASSWORD.toCharArray());
      return keys.getKeyManagers();
    } catch (GeneralSecurityException | IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private KeyStore open() throws GeneralSecurityException, IOException {
    KeyStore opened = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      opened.load(in, PASSWORD.toCharArray());
    }
    return opened;
  }

  private List<byte[]> chain(String alias) {
    try {
      List<byte[]> chain = new ArrayList<>();
      for (Certificate certificate : open().getCertificateChain(alias)) {
        chain.add(certificate.getEncoded());
      }
      return chain;
    } catch (GeneralSecurityException | IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private byte[] key(String alias) {
    try {
      Key key = open().getKey(alias, PASSWORD.toCharArray());
      return key.getEncoded();
    } catch (GeneralSecurityException | IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private String pem(String type, byte[] der) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n";
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private void keytool(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    Collections.addAll(command, arguments);
    Collections.addAll(command, "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "30");
    Collections.addAll(command, "-storetype", "PKCS12", "-storepass", PASSWORD);
    Collections.addAll(command, "-keystore", store.toString());
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(said);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }
}
