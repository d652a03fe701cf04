package app.avalo.gateway.filter.identity.jose;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;

/** Which public keys are strong enough to believe, and what each is for. */
final class PublicKeys {
  static final ECParameterSpec P256 = p256();

  private static final BigInteger P = ((ECFieldFp) P256.getCurve().getField()).getP();

  private PublicKeys() {}

  private static ECParameterSpec p256() {
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec("secp256r1"));
      return parameters.getParameterSpec(ECParameterSpec.class);
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  /** The algorithm of a key: RSA of 2048 to 8192 bits, or a point of P-256. */
  static Algorithm algorithmOf(PublicKey key) throws MalformedException {
    if (key instanceof RSAPublicKey rsa) {
      int bits = rsa.getModulus().bitLength();
      BigInteger exponent = rsa.getPublicExponent();
      if (bits < 2048 || bits > 8192) {
        throw new MalformedException(bits + " bits of RSA (expected: 2048 to 8192)");
      }
      if (!exponent.testBit(0) || exponent.bitLength() < 2 || exponent.bitLength() > 32) {
        throw new MalformedException("RSA exponent (expected: odd, 3 to 2^32)");
      }
      return Algorithm.RS256;
    }
    if (key instanceof ECPublicKey ec && isP256(ec.getParams()) && isOnCurve(ec.getW())) {
      return Algorithm.ES256;
    }
    throw new MalformedException(key.getAlgorithm() + " key (expected: RSA, or EC on P-256)");
  }

  private static boolean isP256(ECParameterSpec curve) {
    return curve.getCurve().equals(P256.getCurve())
        && curve.getGenerator().equals(P256.getGenerator())
        && curve.getOrder().equals(P256.getOrder());
  }

  /** y^2 = x^3 + ax + b mod p (FIPS 186-4, D.1); a point elsewhere lies in a weaker group. */
  private static boolean isOnCurve(ECPoint point) {
    BigInteger x = point.getAffineX();
    BigInteger y = point.getAffineY();
    if (x.signum() < 0 || y.signum() < 0 || x.compareTo(P) >= 0 || y.compareTo(P) >= 0) {
      return false;
    }
    BigInteger right =
        x.multiply(x).add(P256.getCurve().getA()).multiply(x).add(P256.getCurve().getB()).mod(P);
    return y.multiply(y).mod(P).equals(right);
  }
}
