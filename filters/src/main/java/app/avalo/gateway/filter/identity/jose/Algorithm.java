package app.avalo.gateway.filter.identity.jose;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.MessageDigest;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Signature;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/** The accepted ways to sign (RFC 7518, 3.1). */
public enum Algorithm {
  HS256("HmacSHA256", false),
  RS256("SHA256withRSA", false),
  /**
   * The P1363 format is the one of tokens, r and s side by side; DER would be a second spelling.
   */
  ES256("SHA256withECDSAinP1363Format", true);

  private final String jca;
  private final boolean slow;

  Algorithm(String jca, boolean slow) {
    this.jca = jca;
    this.slow = slow;
  }

  /** Whether one verification takes a millisecond or more, too long for an event loop. */
  public boolean slow() {
    return slow;
  }

  /** The algorithm of this exact name, or null; {@code none} is not one. */
  static @Nullable Algorithm named(String name) {
    return switch (name) {
      case "HS256" -> HS256;
      case "RS256" -> RS256;
      case "ES256" -> ES256;
      default -> null;
    };
  }

  /**
   * Whether the signature is that of the input. A fresh {@link Signature} each time: a shared one
   * needs a lock that all event loops would queue at, and costs only 2 % of the verification.
   */
  boolean verifies(Key key, byte[] input, byte[] signature) {
    try {
      if (this == HS256) {
        Mac mac = Mac.getInstance(jca);
        mac.init(key);
        return MessageDigest.isEqual(mac.doFinal(input), signature);
      }
      Signature verifier = Signature.getInstance(jca);
      verifier.initVerify((PublicKey) key);
      verifier.update(input);
      return verifier.verify(signature);
    } catch (GeneralSecurityException | ProviderException wrongShape) {
      return false;
    }
  }
}
