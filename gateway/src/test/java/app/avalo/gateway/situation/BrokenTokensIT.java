package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.header;
import static app.avalo.gateway.situation.Answers.problem;
import static app.avalo.gateway.situation.Answers.received;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.identity.jose.Tokens;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who shows a bad credential is refused, even where nobody needs one: never anonymous instead. */
class BrokenTokensIT {
  private static final String API_KEY = "key-of-the-partner";

  private final ThreeRegions regions = new ThreeRegions();
  private final RunningGateway gateway =
      RunningGateway.start(
          ThreeRegions.PLACES
              + """
              identity:
                issuers:
                  - {issuer: "https://id.test", audience: avalo, algorithms: [HS256], secret: "${env:NONE:-%2$s}"}
                apiKeys:
                  - {name: partner, key: "${env:NONE:-%3$s}", roles: [reader]}
              services:
                feed: {%1$s}
              routes:
                - {name: all, match: {path: {prefix: /}}, service: feed}
                - {name: me, match: {path: {prefix: /me}}, service: feed, access: {identity: required}}
                - {name: desk, match: {path: {prefix: /desk}}, service: feed, access: {identity: required, roles: [admin]}}
              """
                  .formatted(regions.everywhere(), Tokens.SECRET, API_KEY));

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  static String[] badTokens() {
    byte[] secret = Tokens.SECRET.getBytes(StandardCharsets.UTF_8);
    String good = claims("https://id.test", "avalo", 600, "");
    return new String[] {
      "",
      "x",
      "a.b.c",
      "..",
      Tokens.hs256(good) + "x",
      Tokens.hs256(good).replace('.', '!'),
      Tokens.base64("{\"alg\":\"none\"}") + "." + Tokens.base64(good) + ".",
      Tokens.hs256("{\"alg\":\"HS256\"}", good, new byte[32]),
      Tokens.hs256("{\"alg\":\"HS512\"}", good, secret),
      Tokens.hs256("{\"alg\":\"HS256\",\"crit\":[\"x\"]}", good, secret),
      Tokens.hs256(claims("https://id.test", "avalo", -600, "")),
      Tokens.hs256(claims("https://id.test", "other", 600, "")),
      Tokens.hs256(claims("https://evil.test", "avalo", 600, "")),
      Tokens.hs256(claims("https://id.test", "avalo", 600, ",\"nbf\":99999999999")),
      Tokens.hs256("{\"iss\":\"https://id.test\""),
      "e".repeat(9000),
    };
  }

  private static String claims(String issuer, String audience, long seconds, String more) {
    return "{\"iss\":\"%s\",\"aud\":\"%s\",\"sub\":\"ada\",\"exp\":%d%s}"
        .formatted(issuer, audience, Instant.now().getEpochSecond() + seconds, more);
  }

  private static String token(String more) {
    return Tokens.hs256(claims("https://id.test", "avalo", 600, more));
  }

  @ParameterizedTest
  @MethodSource("badTokens")
  void a_bad_token_is_refused_even_where_none_is_needed(String token) {
    HttpResponse<String> answer = gateway.get("/", "Authorization", "Bearer " + token);

    assertThat(answer.statusCode()).isEqualTo(401);
    assertThat(problem(answer)).isEqualTo("unauthenticated");
    assertThat(header(answer, "WWW-Authenticate")).startsWith("Bearer");
    assertThat(regions.requests()).isZero();
  }

  @Test
  void a_bad_api_key_is_refused_even_where_none_is_needed() {
    for (String key : new String[] {"", "x", API_KEY + "x", API_KEY.toUpperCase()}) {
      HttpResponse<String> answer = gateway.get("/", "X-Api-Key", key);

      assertThat(answer.statusCode()).as(key).isEqualTo(401);
      assertThat(header(answer, "WWW-Authenticate")).as(key).isNotEmpty();
    }
    assertThat(regions.requests()).isZero();
  }

  @Test
  void a_good_key_does_not_excuse_a_bad_token() {
    HttpResponse<String> answer =
        gateway.get("/", "X-Api-Key", API_KEY, "Authorization", "Bearer a.b.c");

    assertThat(answer.statusCode()).isEqualTo(401);
  }

  @Test
  void who_shows_nothing_is_anonymous_and_asked_for_a_credential_where_one_is_needed() {
    assertThat(gateway.get("/").statusCode()).isEqualTo(200);

    HttpResponse<String> refused = gateway.get("/me");

    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(header(refused, "WWW-Authenticate")).startsWith("Bearer");
  }

  @Test
  void a_good_token_is_told_to_the_region_and_a_forged_header_is_not() {
    HttpResponse<String> answer =
        gateway.get("/me", "Authorization", "Bearer " + token(""), "X-Avalo-User", "eve");
    HttpResponse<String> anonymous = gateway.get("/", "X-Avalo-User", "eve");

    assertThat(received(answer, "x-avalo-user")).isEqualTo("ada");
    assertThat(received(anonymous, "x-avalo-user")).isEmpty();
  }

  @Test
  void a_role_is_needed_where_the_route_says_so() {
    HttpResponse<String> wrong =
        gateway.get("/desk", "Authorization", "Bearer " + token(",\"roles\":[\"reader\"]"));
    HttpResponse<String> key = gateway.get("/desk", "X-Api-Key", API_KEY);
    HttpResponse<String> right =
        gateway.get("/desk", "Authorization", "Bearer " + token(",\"roles\":[\"admin\"]"));

    assertThat(wrong.statusCode()).isEqualTo(403);
    assertThat(problem(wrong)).isEqualTo("forbidden");
    assertThat(key.statusCode()).isEqualTo(403);
    assertThat(right.statusCode()).isEqualTo(200);
  }
}
