package app.avalo.gateway.filter.identity.jose;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A signed token taken apart. Nothing in it may be believed before {@link KeySet#verify} says so.
 */
public final class CompactToken {
  /** Longest token in characters; real ones are 0.3 to 2 KiB. */
  public static final int MAX_LENGTH = 8192;

  private static final int MAX_KID = 256;

  /**
   * Types that are meant to authorise a request (RFC 8725, 3.11; RFC 9068). A logout token or a
   * DPoP proof of the same issuer is signed by the same key, but says something else.
   */
  private static final Set<String> TYPES = Set.of("jwt", "at+jwt", "application/at+jwt");

  private final Algorithm algorithm;
  private final @Nullable String keyId;
  private final Map<String, Object> claims;
  private final byte[] signingInput;
  private final byte[] signature;

  private CompactToken(
      Algorithm algorithm,
      @Nullable String keyId,
      Map<String, Object> claims,
      byte[] signingInput,
      byte[] signature) {
    this.algorithm = algorithm;
    this.keyId = keyId;
    this.claims = claims;
    this.signingInput = signingInput;
    this.signature = signature;
  }

  /** Reads {@code header.payload.signature}. */
  public static CompactToken parse(String text) throws MalformedException {
    if (text.length() > MAX_LENGTH) {
      throw new MalformedException("longer than " + MAX_LENGTH + " characters");
    }
    int first = text.indexOf('.');
    int second = text.indexOf('.', first + 1);
    if (first < 0 || second < 0 || text.indexOf('.', second + 1) >= 0) {
      throw new MalformedException("not three parts");
    }
    Map<String, Object> header = StrictJson.object(Base64Url.decode(text.substring(0, first)));
    Algorithm algorithm = algorithm(header);
    refuseExtensions(header);
    return new CompactToken(
        algorithm,
        keyId(header),
        StrictJson.object(Base64Url.decode(text.substring(first + 1, second))),
        text.substring(0, second).getBytes(StandardCharsets.US_ASCII),
        Base64Url.decode(text.substring(second + 1)));
  }

  private static Algorithm algorithm(Map<String, Object> header) throws MalformedException {
    Algorithm algorithm = header.get("alg") instanceof String name ? Algorithm.named(name) : null;
    if (algorithm == null) {
      throw new MalformedException("algorithm not accepted");
    }
    return algorithm;
  }

  /** RFC 7515, 4.1.11: who does not understand a critical extension must refuse; we know none. */
  private static void refuseExtensions(Map<String, Object> header) throws MalformedException {
    if (header.containsKey("crit")) {
      throw new MalformedException("critical extension not understood");
    }
    Object type = header.get("typ");
    if (type != null
        && !(type instanceof String name && TYPES.contains(name.toLowerCase(Locale.ROOT)))) {
      throw new MalformedException("type not accepted");
    }
  }

  private static @Nullable String keyId(Map<String, Object> header) throws MalformedException {
    Object id = header.get("kid");
    if (id == null) {
      return null;
    }
    if (id instanceof String text && text.length() <= MAX_KID) {
      return text;
    }
    throw new MalformedException("key id not accepted");
  }

  public Algorithm algorithm() {
    return algorithm;
  }

  /** Which key signed, as the token says, or null. */
  @Nullable String keyId() {
    return keyId;
  }

  /** Members of the payload as {@code StrictJson} gives them. */
  public Map<String, Object> claims() {
    return claims;
  }

  boolean signedBy(KeySet.Entry entry) {
    return entry.algorithm() == algorithm
        && algorithm.verifies(entry.key(), signingInput, signature);
  }
}
