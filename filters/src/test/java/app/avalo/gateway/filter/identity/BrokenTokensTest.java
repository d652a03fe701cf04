package app.avalo.gateway.filter.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.identity.jose.Tokens;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BrokenTokensTest {
  private static final String HS = "{\"alg\":\"HS256\"}";
  private static final IdentityFixture FIXTURE = servedFixture();

  private static IdentityFixture servedFixture() {
    IdentityFixture fixture = new IdentityFixture();
    fixture.identities.prepare(fixture.config);
    fixture.serve(
        "{\"keys\":["
            + Tokens.jwk("r", Tokens.RSA.getPublic(), "")
            + ","
            + Tokens.jwk("e", Tokens.EC.getPublic(), "")
            + "]}");
    return fixture;
  }

  private static String hs(String more) {
    return Tokens.hs256(FIXTURE.claims("hs", more));
  }

  private static String hsWithHeader(String header) {
    byte[] secret = Tokens.SECRET.getBytes(StandardCharsets.UTF_8);
    return Tokens.hs256(header, FIXTURE.claims("hs", ""), secret);
  }

  private static String hsWithClaims(String claims) {
    return Tokens.hs256(claims);
  }

  private static String body(String more) {
    return "{\"iss\":\"hs\",\"sub\":\"ada\",\"aud\":\"avalo\"" + more + "}";
  }

  private static String part(String token, int index) {
    return token.split("\\.")[index];
  }

  static Stream<Arguments> forged() {
    String rs = FIXTURE.claims("rs", "");
    String pem = Tokens.pem(Tokens.RSA.getPublic());
    String unsigned = Tokens.base64("{\"alg\":\"none\"}") + "." + Tokens.base64(rs) + ".";
    String good = hs("");
    String other = hs(",\"roles\":[\"admin\"]");
    return Stream.of(
        arguments("algorithm not accepted", unsigned),
        arguments("algorithm not accepted", unsigned + part(good, 2)),
        arguments("algorithm not accepted", hsWithHeader("{\"alg\":\"None\"}")),
        arguments("algorithm not accepted", hsWithHeader("{\"alg\":\"hs256\"}")),
        arguments("algorithm not accepted", hsWithHeader("{\"alg\":\"HS512\"}")),
        arguments("algorithm not accepted", hsWithHeader("{\"alg\":[\"HS256\"]}")),
        arguments("algorithm not accepted", hsWithHeader("{}")),
        arguments(
            "algorithm not accepted", Tokens.hs256(HS, rs, pem.getBytes(StandardCharsets.UTF_8))),
        arguments(
            "algorithm not accepted",
            Tokens.rs256("{\"alg\":\"RS256\"}", body(",\"exp\":9e9"), Tokens.RSA.getPrivate())),
        arguments(
            "signature does not match",
            Tokens.rs256("{\"alg\":\"RS256\",\"kid\":\"r\"}", rs, Tokens.OTHER_RSA.getPrivate())),
        arguments(
            "signature does not match",
            Tokens.es256("{\"alg\":\"ES256\",\"kid\":\"e\"}", rs, Tokens.OTHER_EC.getPrivate())),
        arguments("signature does not match", Tokens.hs256(HS, body(""), new byte[32])),
        arguments(
            "signature does not match", part(good, 0) + "." + part(other, 1) + "." + part(good, 2)),
        arguments("signature does not match", part(good, 0) + "." + part(good, 1) + "."),
        arguments(
            "critical extension not understood",
            hsWithHeader("{\"alg\":\"HS256\",\"crit\":[\"exp\"]}")),
        arguments(
            "critical extension not understood", hsWithHeader("{\"alg\":\"HS256\",\"crit\":[]}")),
        arguments("type not accepted", hsWithHeader("{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}")),
        arguments("key id not accepted", hsWithHeader("{\"alg\":\"HS256\",\"kid\":7}")),
        arguments("not a JSON object", hsWithHeader("{\"alg\":\"RS256\",\"alg\":\"HS256\"}")),
        arguments("not a JSON object", hs(",\"sub\":\"root\"")),
        arguments("text after the JSON object", hsWithClaims(body("") + "{}")),
        arguments("not a JSON object", hsWithClaims("[1]")),
        arguments("not a JSON object", hsWithClaims("{\"a\":" + "[".repeat(2000))),
        arguments("unknown issuer", hsWithClaims("{\"sub\":\"ada\"}")),
        arguments("unknown issuer", hsWithClaims("{\"iss\":\"HS\"}")),
        arguments("unknown issuer", hsWithClaims("{\"iss\":[\"hs\"]}")));
  }

  static Stream<Arguments> misclaimed() {
    long now = FIXTURE.nowSeconds();
    String exp = ",\"exp\":" + (now + 600);
    return Stream.of(
        arguments(
            "meant for another audience",
            hsWithClaims("{\"iss\":\"hs\",\"sub\":\"ada\",\"aud\":\"other\"" + exp + "}")),
        arguments(
            "meant for another audience",
            hsWithClaims("{\"iss\":\"hs\",\"sub\":\"ada\"" + exp + "}")),
        arguments(
            "meant for another audience",
            hsWithClaims("{\"iss\":\"hs\",\"sub\":\"ada\",\"aud\":[\"a\",\"b\"]" + exp + "}")),
        arguments("no valid expiry", hsWithClaims(body(""))),
        arguments("no valid expiry", hsWithClaims(body(",\"exp\":\"9999999999\""))),
        arguments("no valid expiry", hsWithClaims(body(",\"exp\":1e300"))),
        arguments("no valid expiry", hsWithClaims(body(",\"exp\":-1"))),
        arguments("expired", hsWithClaims(body(",\"exp\":" + (now - 30)))),
        arguments("not valid yet", hs(",\"nbf\":" + (now + 31))),
        arguments("not valid yet", hs(",\"nbf\":\"0\"")),
        arguments("not valid yet", hs(",\"iat\":" + (now + 31))),
        arguments("names no user", hsWithClaims("{\"iss\":\"hs\",\"aud\":\"avalo\"" + exp + "}")),
        arguments(
            "names no user",
            hsWithClaims("{\"iss\":\"hs\",\"aud\":\"avalo\",\"sub\":\"\"" + exp + "}")),
        arguments(
            "names no user",
            hsWithClaims("{\"iss\":\"hs\",\"aud\":\"avalo\",\"sub\":\"a\\nb\"" + exp + "}")),
        arguments(
            "names no user",
            hsWithClaims(
                "{\"iss\":\"hs\",\"aud\":\"avalo\",\"sub\":\""
                    + "a".repeat(300)
                    + "\""
                    + exp
                    + "}")),
        arguments("tier is not a name", hs(",\"tier\":[\"vip\"]")),
        arguments("roles are not names", hs(",\"roles\":{\"admin\":true}")),
        arguments("roles are not names", hs(",\"roles\":[\"a\",[\"b\"]]")));
  }

  @ParameterizedTest
  @MethodSource({"forged", "misclaimed"})
  void aBrokenTokenIsRefusedForItsReason(String reason, String token) {
    Outcome outcome = FIXTURE.bearer(token);

    assertThat(outcome.status()).isEqualTo(401);
    assertThat(outcome.error().detail()).isEqualTo("The credential was refused: " + reason + ".");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "a.b", ".", "..", "...", "a.b.c.d", "a.b.c.d.e", "é.é.é", "e30.e30."})
  void whatIsNoTokenIsRefused(String token) {
    assertThat(FIXTURE.bearer(token).status()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 100})
  void aTruncatedTokenIsRefused(int missing) {
    String good = hs("");

    assertThat(FIXTURE.bearer(good.substring(0, good.length() - missing)).status()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(strings = {"=", ".", "A", " x"})
  void aTokenWithAnAppendixIsRefused(String appendix) {
    assertThat(FIXTURE.bearer(hs("") + appendix).status()).isEqualTo(401);
  }

  @Test
  void aSignatureHasOneSpelling() {
    String good = hs("");
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int last = alphabet.indexOf(good.charAt(good.length() - 1));
    String twin = good.substring(0, good.length() - 1) + alphabet.charAt(last | 1);

    assertThat(FIXTURE.bearer(twin).error().detail()).contains("not base64url");
  }

  @ParameterizedTest
  @ValueSource(ints = {8_193, 1_000_000})
  void aHugeTokenIsRefusedBeforeItCosts(int length) {
    assertThat(FIXTURE.bearer("a".repeat(length)).error().detail()).contains("longer than 8192");
  }

  @ParameterizedTest
  @ValueSource(longs = {-29, 1})
  void theLeewayIsForgiven(long secondsLeft) {
    String token = hsWithClaims(body(",\"exp\":" + (FIXTURE.nowSeconds() + secondsLeft)));

    assertThat(FIXTURE.bearer(token).proceeded()).isTrue();
  }

  @Property(tries = 400)
  void noMutationOfOneCharacterIsAccepted(
      @ForAll @IntRange(max = 2) int kind,
      @ForAll @IntRange(max = 100_000) int position,
      @ForAll @CharRange(from = '-', to = 'z') char replacement) {
    String claims = FIXTURE.claims("rs", "");
    String good =
        kind == 0 ? hs("") : kind == 1 ? Tokens.rs256("r", claims) : Tokens.es256("e", claims);
    StringBuilder mutant = new StringBuilder(good);
    mutant.setCharAt(position % good.length(), replacement);

    boolean same = mutant.toString().equals(good);

    assertThat(FIXTURE.bearer(good).proceeded()).isTrue();
    assertThat(FIXTURE.bearer(mutant.toString()).proceeded()).isEqualTo(same);
  }

  @Property(tries = 200)
  void noMutationOfOneBitOfTheSignatureIsAccepted(@ForAll @IntRange(max = 511) int bit) {
    String good = Tokens.es256("e", FIXTURE.claims("rs", ""));
    int dot = good.lastIndexOf('.');
    byte[] signature = Base64.getUrlDecoder().decode(good.substring(dot + 1));
    signature[bit / 8] ^= (byte) (1 << bit % 8);

    String mutant =
        good.substring(0, dot + 1)
            + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);

    assertThat(FIXTURE.bearer(mutant).status()).isEqualTo(401);
  }

  @Property(tries = 500)
  void noiseIsRefusedAndNeverThrows(@ForAll String noise) {
    assertThat(FIXTURE.bearer(noise.replaceAll("\\p{Cntrl}", "")).status()).isEqualTo(401);
  }
}
