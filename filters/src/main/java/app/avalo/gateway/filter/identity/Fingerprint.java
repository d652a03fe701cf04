package app.avalo.gateway.filter.identity;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Salted SHA-256 of a credential. Credentials are looked up and compared by it, never by
 * themselves: how long a comparison of two fingerprints takes tells nothing to somebody who does
 * not know the salt, and a cache of them is worth nothing to a thief.
 */
record Fingerprint(long a, long b, long c, long d) {

  /** Makes fingerprints under one salt. One thread. */
  static final class Maker {
    private final MessageDigest sha256;
    private final byte[] salt;

    /**
     * A maker.
     *
     * @param salt random, the same for all makers whose fingerprints are compared
     */
    Maker(byte[] salt) {
      try {
        this.sha256 = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException everyJdkHasIt) {
        throw new IllegalStateException(everyJdkHasIt);
      }
      this.salt = salt;
    }

    Fingerprint of(String credential) {
      sha256.update(salt);
      sha256.update(credential.getBytes(StandardCharsets.UTF_8));
      ByteBuffer digest = ByteBuffer.wrap(sha256.digest());
      return new Fingerprint(
          digest.getLong(), digest.getLong(), digest.getLong(), digest.getLong());
    }
  }
}
