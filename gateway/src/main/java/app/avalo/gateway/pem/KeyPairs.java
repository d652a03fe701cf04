package app.avalo.gateway.pem;

import app.avalo.gateway.config.ListenerConfig.KeyPair;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.util.List;
import javax.net.ssl.X509KeyManager;

/**
 * Reads certificates and their keys. Files change one after the other, and a certificate beside the
 * key of another loads without complaint but fails every handshake.
 */
public final class KeyPairs {
  private static final List<String> TYPES = List.of("EC", "RSA", "EdDSA");
  private static final byte[] PROBE = {1, 2, 3, 4};

  private KeyPairs() {}

  /**
   * Reads all pairs; blocks.
   *
   * @throws GeneralSecurityException if one cannot be used; the message names the file
   */
  public static PemKeyCertOptions read(Vertx vertx, List<KeyPair> pairs)
      throws GeneralSecurityException {
    PemKeyCertOptions all = new PemKeyCertOptions();
    for (KeyPair pair : pairs) {
      Buffer certificate = PemFile.read(pair.certificate());
      Buffer key = PemFile.read(pair.key());
      prove(vertx, pair, certificate, key);
      all.addCertValue(certificate).addKeyValue(key);
    }
    return all;
  }

  private static void prove(Vertx vertx, KeyPair pair, Buffer certificate, Buffer key)
      throws GeneralSecurityException {
    try {
      X509KeyManager pairs =
          (X509KeyManager)
              new PemKeyCertOptions()
                  .addCertValue(certificate)
                  .addKeyValue(key)
                  .getKeyManagerFactory(vertx)
                  .getKeyManagers()[0];
      if (!belong(pairs)) {
        throw new GeneralSecurityException("the key is not the certificate's");
      }
    } catch (Exception broken) {
      throw new GeneralSecurityException(
          pair.certificate() + ", " + pair.key() + ": " + broken.getMessage(), broken);
    }
  }

  private static boolean belong(X509KeyManager pairs) throws GeneralSecurityException {
    for (String type : TYPES) {
      String[] aliases = pairs.getServerAliases(type, null);
      if (aliases != null) {
        return belong(pairs.getPrivateKey(aliases[0]), pairs.getCertificateChain(aliases[0])[0]);
      }
    }
    return false;
  }

  private static boolean belong(PrivateKey key, Certificate certificate)
      throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    if (!key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm())) {
      return false;
    }
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(key);
    signer.update(PROBE);
    byte[] signature = signer.sign();
    signer.initVerify(certificate);
    signer.update(PROBE);
    return signer.verify(signature);
  }
}
