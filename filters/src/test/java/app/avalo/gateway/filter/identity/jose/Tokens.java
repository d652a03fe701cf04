package app.avalo.gateway.filter.identity.jose;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs tokens as an issuer does, good ones and others. */
public final class Tokens {
  public static final String SECRET = "0123456789abcdef0123456789abcdef";
  public static final KeyPair RSA = rsa(2048);
  public static final KeyPair OTHER_RSA = rsa(2048);
  public static final KeyPair EC = ec("secp256r1");
  public static final KeyPair OTHER_EC = ec("secp256r1");

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private Tokens() {}

  public static KeyPair rsa(int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(bits);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  public static KeyPair ec(String curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  public static String base64(String text) {
    return BASE64.encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A token of these JSON texts, signed with HMAC-SHA-256 under these bytes. */
  public static String hs256(String header, String claims, byte[] secret) {
    String input = base64(header) + "." + base64(claims);
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      byte[] signature = mac.doFinal(input.getBytes(StandardCharsets.US_ASCII));
      return input + "." + BASE64.encodeToString(signature);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  public static String hs256(String claims) {
    return hs256(
        "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", claims, SECRET.getBytes(StandardCharsets.UTF_8));
  }

  public static String rs256(String header, String claims, PrivateKey key) {
    return signed("SHA256withRSA", header, claims, key);
  }

  public static String rs256(String kid, String claims) {
    return rs256("{\"alg\":\"RS256\",\"kid\":\"" + kid + "\"}", claims, RSA.getPrivate());
  }

  public static String es256(String header, String claims, PrivateKey key) {
    return signed("SHA256withECDSAinP1363Format", header, claims, key);
  }

  public static String es256(String kid, String claims) {
    return es256("{\"alg\":\"ES256\",\"kid\":\"" + kid + "\"}", claims, EC.getPrivate());
  }

  /** A token signed in any way the JDK knows. */
  public static String signed(String jca, String header, String claims, PrivateKey key) {
    String input = base64(header) + "." + base64(claims);
    try {
      Signature signer = Signature.getInstance(jca);
      signer.initSign(key);
      signer.update(input.getBytes(StandardCharsets.US_ASCII));
      return input + "." + BASE64.encodeToString(signer.sign());
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  public static String pem(PublicKey key) {
    return "-----BEGIN PUBLIC KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(key.getEncoded())
        + "\n-----END PUBLIC KEY-----\n";
  }

  /** A key set of one public key. */
  public static String jwks(String kid, PublicKey key) {
    return "{\"keys\":[" + jwk(kid, key, "") + "]}";
  }

  /** A key, with further members that start with a comma. */
  public static String jwk(String kid, PublicKey key, String more) {
    String members =
        key instanceof RSAPublicKey rsa
            ? "\"kty\":\"RSA\",\"n\":\""
                + number(rsa.getModulus())
                + "\",\"e\":\""
                + number(rsa.getPublicExponent())
            : "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""
                + number(((ECPublicKey) key).getW().getAffineX())
                + "\",\"y\":\""
                + number(((ECPublicKey) key).getW().getAffineY());
    return "{\"kid\":\"" + kid + "\"," + members + "\"" + more + "}";
  }

  private static String number(BigInteger number) {
    return BASE64.encodeToString(number.toByteArray());
  }
}
