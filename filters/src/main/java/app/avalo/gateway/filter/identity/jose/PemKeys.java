package app.avalo.gateway.filter.identity.jose;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Reads PEM (RFC 7468): any number of {@code PUBLIC KEY} blocks, so that an old and a new key can
 * stand side by side, or a {@code CERTIFICATE}. Of a chain only the leaf counts; an authority signs
 * certificates, not tokens.
 */
final class PemKeys {
  private static final String BEGIN = "-----BEGIN ";
  private static final String DASHES = "-----";
  private static final int MAX_KEYS = 16;

  private PemKeys() {}

  static List<KeySet.Entry> read(String pem) throws MalformedException {
    List<KeySet.Entry> entries = new ArrayList<>();
    boolean certificateSeen = false;
    int at = pem.indexOf(BEGIN);
    while (at >= 0 && entries.size() < MAX_KEYS) {
      int labelEnd = pem.indexOf(DASHES, at + BEGIN.length());
      String label = labelEnd < 0 ? "" : pem.substring(at + BEGIN.length(), labelEnd);
      int end = labelEnd < 0 ? -1 : pem.indexOf("-----END " + label + DASHES, labelEnd);
      if (end < 0) {
        throw new MalformedException("PEM block without end");
      }
      boolean certificate = label.equals("CERTIFICATE");
      if (!certificate || !certificateSeen) {
        byte[] der = decode(pem.substring(labelEnd + DASHES.length(), end));
        PublicKey key = key(label, der);
        entries.add(new KeySet.Entry(null, PublicKeys.algorithmOf(key), key));
      }
      certificateSeen |= certificate;
      at = pem.indexOf(BEGIN, end);
    }
    if (entries.isEmpty()) {
      throw new MalformedException("no PEM block (expected: PUBLIC KEY or CERTIFICATE)");
    }
    return List.copyOf(entries);
  }

  private static byte[] decode(String base64) throws MalformedException {
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException notBase64) {
      throw new MalformedException("PEM block is not base64");
    }
  }

  private static PublicKey key(String label, byte[] der) throws MalformedException {
    try {
      return switch (label) {
        case "PUBLIC KEY" -> publicKey(der);
        case "CERTIFICATE" ->
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(der))
                .getPublicKey();
        default ->
            throw new MalformedException(
                "PEM block " + label + " (expected: PUBLIC KEY or CERTIFICATE)");
      };
    } catch (GeneralSecurityException wrongShape) {
      throw new MalformedException("PEM block " + label + " cannot be read");
    }
  }

  private static PublicKey publicKey(byte[] der) throws GeneralSecurityException {
    X509EncodedKeySpec encoded = new X509EncodedKeySpec(der);
    try {
      return KeyFactory.getInstance("RSA").generatePublic(encoded);
    } catch (InvalidKeySpecException notRsa) {
      return KeyFactory.getInstance("EC").generatePublic(encoded);
    }
  }
}
