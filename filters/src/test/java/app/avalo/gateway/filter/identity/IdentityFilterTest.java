package app.avalo.gateway.filter.identity;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.IdentityConfig;
import app.avalo.gateway.config.RouteConfig.Need;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.identity.jose.Tokens;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityFilterTest {
  private final IdentityFixture fixture = new IdentityFixture();

  private Exchanges request(Need need, String... roles) {
    return Exchanges.on(fixture.plan(Routes.toFeed().need(need).roles(roles)));
  }

  private String good(String more) {
    return "Bearer " + Tokens.hs256(fixture.claims("hs", more));
  }

  @Test
  void aGoodTokenSaysUserTierAndRoles() {
    Exchange exchange =
        request(Need.REQUIRED)
            .header("Authorization", good(",\"tier\":\"vip\",\"roles\":[\"admin\",\"support\"]"))
            .live();

    Outcome outcome = fixture.outcome(exchange);

    assertThat(outcome.proceeded()).isTrue();
    assertThat(exchange.caller())
        .isEqualTo(new Caller("ada", null, "vip", Set.of("admin", "support")));
  }

  @Test
  void claimsThatLimitsAskForComeAlongAndNoOthers() {
    Exchange exchange =
        request(Need.REQUIRED)
            .header("Authorization", good(",\"org\":\"acme\",\"shoe\":\"44\""))
            .live();

    fixture.outcome(exchange);

    assertThat(exchange.caller().claims()).isEqualTo(Map.of("org", "acme"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bearer ", "BEARER ", "Bearer   "})
  void theSchemeIsReadAsTheStandardSays(String scheme) {
    Exchange exchange =
        request(Need.REQUIRED)
            .header("Authorization", scheme + Tokens.hs256(fixture.claims("hs", "")))
            .live();

    fixture.outcome(exchange);

    assertThat(exchange.caller()).isEqualTo(new Caller("ada", null, "authenticated", Set.of()));
  }

  @Test
  void rolesMayBeOneStringAsInScope() {
    Exchange exchange =
        request(Need.REQUIRED).header("Authorization", good(",\"roles\":\"a b\"")).live();

    fixture.outcome(exchange);

    assertThat(exchange.caller().roles()).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void nobodyIsAnonymousWhereNobodyIsNeeded() {
    Exchange exchange = request(Need.OPTIONAL).live();

    assertThat(fixture.outcome(exchange).proceeded()).isTrue();
    assertThat(exchange.caller()).isSameAs(Caller.ANONYMOUS);
  }

  @Test
  void nobodyIsRefusedWhereSomebodyIsNeeded() {
    Outcome outcome = fixture.outcome(request(Need.REQUIRED).live());

    assertThat(outcome.error().kind()).isEqualTo(Kind.UNAUTHENTICATED);
    assertThat(outcome.reply().headers().get("WWW-Authenticate"))
        .isEqualTo("Bearer realm=\"avalo\"");
  }

  @ParameterizedTest
  @EnumSource(names = {"REQUIRED", "OPTIONAL"})
  void aBadTokenIsRefusedWhateverTheRouteNeeds(Need need) {
    Exchange exchange = request(need).header("Authorization", "Bearer x.y.z").live();

    Outcome outcome = fixture.outcome(exchange);

    assertThat(outcome.status()).isEqualTo(401);
    assertThat(outcome.error().rule()).isEqualTo("all.identity");
    assertThat(outcome.reply().headers().get("WWW-Authenticate"))
        .startsWith("Bearer realm=\"avalo\", error=\"invalid_token\", error_description=\"");
    assertThat(exchange.caller()).isSameAs(Caller.ANONYMOUS);
  }

  @Test
  void aRouteThatNeedsNoIdentityDoesNotLookAtCredentials() {
    Exchange exchange =
        request(Need.NONE).header("Authorization", "Bearer x").header("X-Api-Key", "x").live();

    assertThat(fixture.outcome(exchange).proceeded()).isTrue();
    assertThat(exchange.caller()).isSameAs(Caller.ANONYMOUS);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Bearer", "Bearer ", "Basic YTpi", "Digest x", "token abc"})
  void anAuthorizationThatIsNoBearerTokenIsRefused(String value) {
    Outcome outcome = fixture.outcome(request(Need.OPTIONAL).header("Authorization", value).live());

    assertThat(outcome.status()).isEqualTo(401);
  }

  @Test
  void twoAuthorizationHeadersAreRefusedEvenIfBothAreGood() {
    Exchange exchange =
        request(Need.OPTIONAL)
            .header("Authorization", good(""))
            .header("Authorization", good(""))
            .live();

    assertThat(fixture.outcome(exchange).status()).isEqualTo(401);
  }

  @Test
  void withoutIssuersTheAuthorizationHeaderIsTheServicesBusiness() {
    IdentityConfig none = new IdentityConfig(List.of(), "X-Api-Key", List.of());
    Exchange exchange =
        Exchanges.on(IdentityFixture.plan(none, Routes.toFeed()))
            .header("Authorization", "Basic YTpi")
            .header("X-Api-Key", "anything")
            .live();

    assertThat(fixture.outcome(exchange).proceeded()).isTrue();
    assertThat(exchange.caller()).isSameAs(Caller.ANONYMOUS);
  }

  @Test
  void anApiKeyNamesItsOwner() {
    Exchange exchange = request(Need.REQUIRED, "reader").header("X-Api-Key", "partner-key").live();

    assertThat(fixture.outcome(exchange).proceeded()).isTrue();
    assertThat(exchange.caller())
        .isEqualTo(new Caller(null, "partner", "partner", Set.of("reader")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "partner-ke", "partner-key ", "PARTNER-KEY", "partner"})
  void aWrongApiKeyIsRefused(String key) {
    Outcome outcome = fixture.outcome(request(Need.OPTIONAL).header("X-Api-Key", key).live());

    assertThat(outcome.status()).isEqualTo(401);
  }

  @Test
  void twoApiKeysOrAHugeOneAreRefused() {
    Exchanges two = request(Need.OPTIONAL).header("X-Api-Key", "partner-key");
    two.header("X-Api-Key", "partner-key");

    assertThat(fixture.outcome(two.live()).status()).isEqualTo(401);
    assertThat(
            fixture
                .outcome(request(Need.OPTIONAL).header("X-Api-Key", "k".repeat(100_000)).live())
                .status())
        .isEqualTo(401);
  }

  @Test
  void tokenAndKeyTogetherMustBothBeGoodAndTheTokenSpeaks() {
    Exchange both =
        request(Need.REQUIRED)
            .header("Authorization", good(""))
            .header("X-Api-Key", "partner-key")
            .live();
    Exchange badKey =
        request(Need.OPTIONAL).header("Authorization", good("")).header("X-Api-Key", "x").live();
    Exchange badToken =
        request(Need.OPTIONAL)
            .header("Authorization", "Bearer x")
            .header("X-Api-Key", "partner-key")
            .live();

    fixture.outcome(both);

    assertThat(both.caller()).isEqualTo(new Caller("ada", "partner", "authenticated", Set.of()));
    assertThat(fixture.outcome(badKey).status()).isEqualTo(401);
    assertThat(fixture.outcome(badToken).status()).isEqualTo(401);
  }

  @Test
  void aCallerWithoutTheRoleIsForbiddenAndNobodyIsAskedToSignIn() {
    Exchange wrong = request(Need.OPTIONAL, "admin").header("Authorization", good("")).live();
    Exchange nobody = request(Need.OPTIONAL, "admin").live();

    Outcome outcome = fixture.outcome(wrong);

    assertThat(outcome.status()).isEqualTo(403);
    assertThat(outcome.error().rule()).isEqualTo("all.access.roles");
    assertThat(outcome.reply().headers().get("WWW-Authenticate")).contains("insufficient_scope");
    assertThat(fixture.outcome(nobody).status()).isEqualTo(401);
  }

  @Test
  void anExplanationNamesTheCallerAndNeverTheCredential() {
    String token = good(",\"tier\":\"vip\"");
    Exchange asked =
        request(Need.OPTIONAL)
            .header("Authorization", token)
            .header("X-Api-Key", "partner-key")
            .explained();

    fixture.outcome(asked);

    assertThat(Objects.requireNonNull(asked.explanation()).steps())
        .singleElement()
        .satisfies(
            step -> {
              assertThat(step.subject()).isEqualTo("identity");
              assertThat(step.verdict()).isEqualTo("known");
              assertThat(step.facts())
                  .containsEntry("user", "ada")
                  .containsEntry("apiKey", "partner")
                  .containsEntry("tier", "vip")
                  .containsEntry("source", "token of hs");
              assertThat(step.toString()).doesNotContain(token.substring(7), "partner-key");
            });
  }
}
