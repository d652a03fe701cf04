package app.avalo.gateway.filter.identity.jose;

import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.util.List;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The keys of one issuer at one time; immutable, at least one.
 *
 * @param entries in the order of their source
 */
public record KeySet(List<Entry> entries) {
  /** Keys tried for one token, so that a big set cannot be turned against us. */
  private static final int MAX_TRIED = 4;

  /** What a key set says of a token. */
  public enum Verdict {
    GENUINE,
    FORGED,
    /** No key of this id and algorithm; a newer set might have one. */
    UNKNOWN_KEY
  }

  /**
   * A key and the only algorithm it is for.
   *
   * @param id as in {@code kid}, or null when its source gives none; then it fits every token
   * @param algorithm follows from the kind of key, never from a token
   * @param key public, or the shared secret
   */
  public record Entry(@Nullable String id, Algorithm algorithm, Key key) {
    boolean fits(CompactToken token) {
      String wanted = token.keyId();
      return algorithm == token.algorithm() && (id == null || wanted == null || id.equals(wanted));
    }

    @Override
    public String toString() {
      return algorithm + (id == null ? "" : " " + id);
    }
  }

  /** A secret that the issuer shares with us. */
  public static KeySet ofSecret(String secret) {
    byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
    return new KeySet(
        List.of(new Entry(null, Algorithm.HS256, new SecretKeySpec(bytes, "HmacSHA256"))));
  }

  /** Public keys, or one certificate, as PEM text. */
  public static KeySet ofPem(String pem) throws MalformedException {
    return new KeySet(PemKeys.read(pem));
  }

  /** A JSON Web Key Set. Keys of other kinds and uses are passed over. */
  public static KeySet ofJwks(byte[] json) throws MalformedException {
    return new KeySet(JwkKeys.read(json));
  }

  /** Whether one of these keys signed the token. */
  public Verdict verify(CompactToken token) {
    int tried = 0;
    for (Entry entry : entries) {
      if (entry.fits(token) && tried++ < MAX_TRIED && token.signedBy(entry)) {
        return Verdict.GENUINE;
      }
    }
    return tried == 0 ? Verdict.UNKNOWN_KEY : Verdict.FORGED;
  }
}
