package app.avalo.gateway.filter.identity.jose;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a JSON Web Key Set (RFC 7517, 5): RSA and P-256 keys for signatures. A shared secret in it
 * is passed over: what everybody can fetch is no secret. So is a key that cannot be read, lest one
 * bad key lock out everybody.
 */
final class JwkKeys {
  private static final int MAX_KEYS = 64;

  private JwkKeys() {}

  static List<KeySet.Entry> read(byte[] json) throws MalformedException {
    if (!(StrictJson.object(json).get("keys") instanceof List<?> keys)) {
      throw new MalformedException("no keys (expected: a JSON Web Key Set)");
    }
    List<KeySet.Entry> entries = new ArrayList<>();
    for (Object key : keys.subList(0, Math.min(keys.size(), MAX_KEYS))) {
      KeySet.Entry entry = key instanceof Map<?, ?> jwk ? entry(jwk) : null;
      if (entry != null) {
        entries.add(entry);
      }
    }
    if (entries.isEmpty()) {
      throw new MalformedException("no usable key (expected: RSA, or EC on P-256)");
    }
    return List.copyOf(entries);
  }

  private static KeySet.@Nullable Entry entry(Map<?, ?> jwk) {
    try {
      PublicKey key = key(jwk);
      if (key == null || !isForSignatures(jwk)) {
        return null;
      }
      Algorithm algorithm = PublicKeys.algorithmOf(key);
      Object declared = jwk.get("alg");
      boolean fits = declared == null || declared.equals(algorithm.name());
      return fits
          ? new KeySet.Entry(jwk.get("kid") instanceof String id ? id : null, algorithm, key)
          : null;
    } catch (MalformedException | GeneralSecurityException unreadable) {
      return null;
    }
  }

  private static boolean isForSignatures(Map<?, ?> jwk) {
    Object use = jwk.get("use");
    Object operations = jwk.get("key_ops");
    return (use == null || use.equals("sig"))
        && (operations == null || operations instanceof List<?> list && list.contains("verify"));
  }

  private static @Nullable PublicKey key(Map<?, ?> jwk)
      throws MalformedException, GeneralSecurityException {
    if ("RSA".equals(jwk.get("kty"))) {
      return KeyFactory.getInstance("RSA")
          .generatePublic(new RSAPublicKeySpec(number(jwk, "n"), number(jwk, "e")));
    }
    if ("EC".equals(jwk.get("kty")) && "P-256".equals(jwk.get("crv"))) {
      ECPoint point = new ECPoint(number(jwk, "x"), number(jwk, "y"));
      return KeyFactory.getInstance("EC")
          .generatePublic(new ECPublicKeySpec(point, PublicKeys.P256));
    }
    return null;
  }

  private static BigInteger number(Map<?, ?> jwk, String member) throws MalformedException {
    // 8192 bits are 1366 characters; more would only cost time.
    if (jwk.get(member) instanceof String text && text.length() <= 1400) {
      return new BigInteger(1, Base64Url.decode(text));
    }
    throw new MalformedException("no " + member);
  }
}
