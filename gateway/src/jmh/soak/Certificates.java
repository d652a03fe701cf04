import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate for {@code localhost} that only this run believes. */
final class Certificates {
  private Certificates() {}

  /** Writes them; whoever uses the context believes them. */
  static SSLContext write(Path directory) throws Exception {
    Path store = directory.resolve("soak.p12");
    char[] password = "only-in-the-soak".toCharArray();
    Process keytool =
        new ProcessBuilder(
                GatewayProcess.java("keytool"), "-genkeypair", "-alias", "soak", "-dname", "CN=soak", "-ext",
                "san=dns:localhost", "-keyalg", "EC", "-groupname", "secp256r1", "-storetype",
                "PKCS12", "-storepass", new String(password), "-keystore", store.toString())
            .inheritIO()
            .start();
    Soak.check(keytool.waitFor() == 0, "no certificate");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, password);
    }
    pem(directory.resolve("soak.crt"), "CERTIFICATE", keys.getCertificate("soak").getEncoded());
    pem(directory.resolve("soak.key"), "PRIVATE KEY", keys.getKey("soak", password).getEncoded());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("soak", keys.getCertificate("soak"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static void pem(Path file, String type, byte[] der) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    Files.writeString(
        file, "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n");
  }
}
