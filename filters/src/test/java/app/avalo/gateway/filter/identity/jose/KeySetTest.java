package app.avalo.gateway.filter.identity.jose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.identity.jose.KeySet.Verdict;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.PubSecKeyOptions;
import io.vertx.ext.auth.impl.jose.JWK;
import io.vertx.ext.auth.impl.jose.JWT;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeySetTest {
  private static final String CLAIMS = "{\"sub\":\"ada\"}";

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Verdict verdict(KeySet keys, String token) throws MalformedException {
    return keys.verify(CompactToken.parse(token));
  }

  @Test
  void eachKindOfKeyVerifiesItsOwnTokens() throws Exception {
    assertThat(verdict(KeySet.ofSecret(Tokens.SECRET), Tokens.hs256(CLAIMS)))
        .isEqualTo(Verdict.GENUINE);
    assertThat(verdict(KeySet.ofPem(Tokens.pem(Tokens.RSA.getPublic())), Tokens.rs256("a", CLAIMS)))
        .isEqualTo(Verdict.GENUINE);
    assertThat(verdict(KeySet.ofPem(Tokens.pem(Tokens.EC.getPublic())), Tokens.es256("a", CLAIMS)))
        .isEqualTo(Verdict.GENUINE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"HS256", "RS256", "ES256"})
  void tokensOfAnotherImplementationVerify(String algorithm) throws Exception {
    KeyPair pair = algorithm.equals("RS256") ? Tokens.RSA : Tokens.EC;
    boolean shared = algorithm.equals("HS256");
    String pkcs8 =
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n";
    PubSecKeyOptions options =
        new PubSecKeyOptions().setAlgorithm(algorithm).setBuffer(shared ? Tokens.SECRET : pkcs8);
    String token =
        new JWT()
            .addJWK(new JWK(options))
            .sign(new JsonObject(CLAIMS), new JWTOptions().setAlgorithm(algorithm));

    KeySet keys =
        shared ? KeySet.ofSecret(Tokens.SECRET) : KeySet.ofPem(Tokens.pem(pair.getPublic()));

    assertThat(verdict(keys, token)).isEqualTo(Verdict.GENUINE);
  }

  @Test
  void aPublicKeyIsNeverASharedSecret() throws Exception {
    String pem = Tokens.pem(Tokens.RSA.getPublic());
    KeySet keys = KeySet.ofPem(pem);
    String forged = Tokens.hs256("{\"alg\":\"HS256\"}", CLAIMS, bytes(pem));
    String forgedFromDer =
        Tokens.hs256("{\"alg\":\"HS256\"}", CLAIMS, Tokens.RSA.getPublic().getEncoded());

    assertThat(verdict(keys, forged)).isEqualTo(Verdict.UNKNOWN_KEY);
    assertThat(verdict(keys, forgedFromDer)).isEqualTo(Verdict.UNKNOWN_KEY);
  }

  @Test
  void theKeyIdChoosesTheKey() throws Exception {
    KeySet keys =
        KeySet.ofJwks(
            bytes(
                "{\"keys\":["
                    + Tokens.jwk("old", Tokens.OTHER_RSA.getPublic(), "")
                    + ","
                    + Tokens.jwk("new", Tokens.RSA.getPublic(), ",\"alg\":\"RS256\"")
                    + "]}"));

    assertThat(verdict(keys, Tokens.rs256("new", CLAIMS))).isEqualTo(Verdict.GENUINE);
    assertThat(verdict(keys, Tokens.rs256("old", CLAIMS))).isEqualTo(Verdict.FORGED);
    assertThat(verdict(keys, Tokens.rs256("next", CLAIMS))).isEqualTo(Verdict.UNKNOWN_KEY);
  }

  @Test
  void anEcSignatureInDerIsNotASecondSpelling() throws Exception {
    KeySet keys = KeySet.ofPem(Tokens.pem(Tokens.EC.getPublic()));
    String der =
        Tokens.signed("SHA256withECDSA", "{\"alg\":\"ES256\"}", CLAIMS, Tokens.EC.getPrivate());

    assertThat(verdict(keys, der)).isEqualTo(Verdict.FORGED);
  }

  @Test
  void anAllZeroEcSignatureIsForged() throws Exception {
    KeySet keys = KeySet.ofPem(Tokens.pem(Tokens.EC.getPublic()));
    String unsigned = Tokens.base64("{\"alg\":\"ES256\"}") + "." + Tokens.base64(CLAIMS);
    String zero = Base64.getUrlEncoder().withoutPadding().encodeToString(new byte[64]);

    assertThat(verdict(keys, unsigned + "." + zero)).isEqualTo(Verdict.FORGED);
    assertThat(verdict(keys, unsigned + ".")).isEqualTo(Verdict.FORGED);
  }

  @Test
  void onlyAFewKeysAreTriedForOneToken() throws Exception {
    StringBuilder many = new StringBuilder("{\"keys\":[");
    for (int i = 0; i < 8; i++) {
      many.append(Tokens.jwk("k" + i, Tokens.OTHER_EC.getPublic(), "")).append(',');
    }
    KeySet keys = KeySet.ofJwks(bytes(many + Tokens.jwk("last", Tokens.EC.getPublic(), "") + "]}"));

    String withoutId = Tokens.es256("{\"alg\":\"ES256\"}", CLAIMS, Tokens.EC.getPrivate());

    assertThat(verdict(keys, withoutId)).isEqualTo(Verdict.FORGED);
    assertThat(verdict(keys, Tokens.es256("last", CLAIMS))).isEqualTo(Verdict.GENUINE);
  }

  @Test
  void keysOfOtherKindsAndUsesArePassedOver() throws Exception {
    String usable = Tokens.jwk("good", Tokens.RSA.getPublic(), ",\"key_ops\":[\"verify\"]");
    String set =
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\"},7,"
            + Tokens.jwk("enc", Tokens.RSA.getPublic(), ",\"use\":\"enc\"")
            + ","
            + Tokens.jwk("pss", Tokens.RSA.getPublic(), ",\"alg\":\"PS256\"")
            + ","
            + Tokens.jwk("ops", Tokens.RSA.getPublic(), ",\"key_ops\":[\"encrypt\"]")
            + ","
            + Tokens.jwk("weak", Tokens.rsa(1024).getPublic(), "")
            + ",{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"},"
            + usable
            + "]}";

    assertThat(KeySet.ofJwks(bytes(set)).entries())
        .extracting(KeySet.Entry::id)
        .containsExactly("good");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]}", "<html>", "{\"keys\":[]} {}"})
  void aBodyWithoutAUsableKeyIsNoKeySet(String body) {
    assertThatThrownBy(() -> KeySet.ofJwks(bytes(body))).isInstanceOf(MalformedException.class);
  }

  @Test
  void aPemFileMayHoldTheOldAndTheNewKey() throws Exception {
    KeySet keys =
        KeySet.ofPem(Tokens.pem(Tokens.OTHER_RSA.getPublic()) + Tokens.pem(Tokens.RSA.getPublic()));

    assertThat(verdict(keys, Tokens.rs256("any", CLAIMS))).isEqualTo(Verdict.GENUINE);
  }

  @Test
  void weakOrForeignKeysInAFileAreRefusedByName() {
    assertThatThrownBy(() -> KeySet.ofPem(Tokens.pem(Tokens.rsa(1024).getPublic())))
        .hasMessage("1024 bits of RSA (expected: 2048 to 8192)");
    assertThatThrownBy(() -> KeySet.ofPem(Tokens.pem(Tokens.ec("secp384r1").getPublic())))
        .hasMessage("EC key (expected: RSA, or EC on P-256)");
    assertThatThrownBy(
            () -> KeySet.ofPem("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----"))
        .hasMessage("PEM block PRIVATE KEY (expected: PUBLIC KEY or CERTIFICATE)");
    assertThatThrownBy(() -> KeySet.ofPem("-----BEGIN PUBLIC KEY-----\nAA=="))
        .hasMessage("PEM block without end");
    assertThatThrownBy(() -> KeySet.ofPem("nothing"))
        .hasMessage("no PEM block (expected: PUBLIC KEY or CERTIFICATE)");
  }
}
