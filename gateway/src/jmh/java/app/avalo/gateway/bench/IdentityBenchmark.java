package app.avalo.gateway.bench;

import app.avalo.gateway.filter.identity.jose.CompactToken;
import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.identity.jose.MalformedException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a token costs: the first time a signature, then a hash. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class IdentityBenchmark {
  private static final String SECRET = "0123456789abcdef0123456789abcdef";

  @Param({"HS256", "RS256", "ES256"})
  public String algorithm = "";

  private KeySet keys = KeySet.ofSecret(SECRET);
  private String token = "";
  private MessageDigest sha256 = sha256();

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Makes a key and a token of about 600 characters. */
  @Setup
  public void sign() throws GeneralSecurityException, MalformedException {
    String input =
        base64("{\"alg\":\"" + algorithm + "\",\"typ\":\"JWT\"}")
            + "."
            + base64(
                "{\"iss\":\"https://id.avalo.app\",\"aud\":\"avalo\",\"sub\":\"user-1234567\","
                    + "\"exp\":1795219800,\"iat\":1795219200,\"tier\":\"vip\",\"roles\":[\"user\"],"
                    + "\"device\":\""
                    + "d".repeat(150)
                    + "\"}");
    byte[] signature = signature(input.getBytes(StandardCharsets.US_ASCII));
    token = input + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
  }

  private byte[] signature(byte[] input) throws GeneralSecurityException, MalformedException {
    if (algorithm.equals("HS256")) {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return mac.doFinal(input);
    }
    boolean rsa = algorithm.equals("RS256");
    KeyPairGenerator generator = KeyPairGenerator.getInstance(rsa ? "RSA" : "EC");
    generator.initialize(rsa ? 2048 : 256);
    KeyPair pair = generator.generateKeyPair();
    keys =
        KeySet.ofPem(
            "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(pair.getPublic().getEncoded())
                + "\n-----END PUBLIC KEY-----");
    Signature signer =
        Signature.getInstance(rsa ? "SHA256withRSA" : "SHA256withECDSAinP1363Format");
    signer.initSign(pair.getPrivate());
    signer.update(input);
    return signer.sign();
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The first sight of a token: parse and verify. */
  @Benchmark
  public KeySet.Verdict verify() throws MalformedException {
    return keys.verify(CompactToken.parse(token));
  }

  /** Parsing alone, what garbage costs at most. */
  @Benchmark
  public CompactToken parse() throws MalformedException {
    return CompactToken.parse(token);
  }

  /** Every later sight: the fingerprint under which the cache knows it. */
  @Benchmark
  public byte[] fingerprint() {
    return sha256.digest(token.getBytes(StandardCharsets.UTF_8));
  }
}
