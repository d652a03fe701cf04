package app.avalo.gateway.filter.identity;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.IdentityConfig;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.identity.jose.Tokens;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyRotationTest {
  private static final String OLD = Tokens.jwks("old", Tokens.RSA.getPublic());
  private static final String NEW = Tokens.jwks("new", Tokens.RSA.getPublic());

  private final IdentityFixture fixture = new IdentityFixture();

  private String token(String kid) {
    return Tokens.rs256(kid, fixture.claims("rs", ""));
  }

  private void start() {
    fixture.identities.prepare(fixture.config);
    fixture.serve(OLD);
  }

  private void pass(Duration time) {
    fixture.time.advance(time);
  }

  @Test
  void theFirstRequestsWaitForTheOneLoad() {
    Outcome first = fixture.bearer(token("old"));
    Outcome second = fixture.bearer(token("old"));
    assertThat(first.decided() || second.decided()).isFalse();

    fixture.serve(OLD);

    assertThat(first.proceeded()).isTrue();
    assertThat(second.proceeded()).isTrue();
    assertThat(fixture.loadCount).isEqualTo(1);
  }

  @Test
  void aRequestThatWaitsWhileTheLoadFailsIsNeitherAcceptedNorCalledBad() {
    Outcome waiting = fixture.bearer(token("old"));

    fixture.failLoad();

    assertThat(waiting.error().kind()).isEqualTo(Kind.STORE_DOWN);
    assertThat(waiting.error().retryAfterSeconds()).isEqualTo(10);
    assertThat(fixture.bearer(token("old")).status()).isEqualTo(503);
  }

  @Test
  void onlySoManyMayWait() {
    List<Outcome> waiting = new ArrayList<>();
    for (int i = 0; i < KeySource.MAX_WAITING; i++) {
      waiting.add(fixture.bearer(token("old")));
    }

    Outcome oneTooMany = fixture.bearer(token("old"));

    assertThat(oneTooMany.status()).isEqualTo(503);
    fixture.serve(OLD);
    assertThat(waiting).allMatch(Outcome::proceeded);
  }

  @Test
  void anUnknownKeyFetchesAtMostEveryTenSeconds() {
    start();
    assertThat(fixture.bearer(token("new")).status()).isEqualTo(401);
    assertThat(fixture.loadCount).isEqualTo(1);

    pass(Duration.ofSeconds(10));
    Outcome waiting = fixture.bearer(token("new"));
    Outcome alsoWaiting = fixture.bearer(token("newer"));
    fixture.serve(NEW);

    assertThat(waiting.proceeded()).isTrue();
    assertThat(alsoWaiting.status()).isEqualTo(401);
    assertThat(fixture.bearer(token("newer")).status()).isEqualTo(401);
    assertThat(fixture.loadCount).isEqualTo(2);
  }

  @Test
  void aRotatedOutKeyEndsItsCachedTokensToo() {
    start();
    String token = token("old");
    assertThat(fixture.bearer(token).proceeded()).isTrue();

    pass(Duration.ofMinutes(10).minusSeconds(60));
    String later = token("old");
    assertThat(fixture.bearer(later).proceeded()).isTrue();
    pass(Duration.ofSeconds(60)); // the scheduled refresh
    fixture.serve(NEW);

    assertThat(fixture.bearer(later).status()).isEqualTo(401);
  }

  @Test
  void aFailedRefreshKeepsTheLastGoodKeysAndIsRetriedSoon() {
    start();
    pass(Duration.ofMinutes(10));

    fixture.failLoad();

    assertThat(fixture.bearer(token("old")).proceeded()).isTrue();
    assertThat(fixture.bearer(token("new")).status()).isEqualTo(503); // nobody can tell
    pass(Duration.ofSeconds(10));
    fixture.serve(NEW);
    assertThat(fixture.bearer(token("new")).proceeded()).isTrue();
  }

  @Test
  void aCachedTokenStillExpires() {
    start();
    String shortLived =
        Tokens.hs256(
            "{\"iss\":\"hs\",\"aud\":\"avalo\",\"sub\":\"ada\",\"exp\":"
                + (fixture.nowSeconds() + 60)
                + "}");
    assertThat(fixture.bearer(shortLived).proceeded()).isTrue();

    pass(Duration.ofSeconds(90)); // lifetime and leeway

    assertThat(fixture.bearer(shortLived).status()).isEqualTo(401);
  }

  @Test
  void aSlowVerificationWaitsForAThreadAndACachedOneDoesNot() {
    fixture.identities.prepare(fixture.config);
    fixture.serve(Tokens.jwks("e", Tokens.EC.getPublic()));
    fixture.keepDeferred = true;
    String token = Tokens.es256("e", fixture.claims("rs", ""));
    Outcome first = fixture.bearer(token);
    assertThat(first.decided()).isFalse();

    fixture.deferred.remove().run();

    assertThat(first.proceeded()).isTrue();
    assertThat(fixture.bearer(token).proceeded()).isTrue();
    assertThat(fixture.deferred).isEmpty();
  }

  @Test
  void onlySoManyVerificationsMayWaitForAThread() {
    fixture.identities.prepare(fixture.config);
    fixture.serve(Tokens.jwks("e", Tokens.EC.getPublic()));
    fixture.keepDeferred = true;
    String token = Tokens.es256("e", fixture.claims("rs", ""));
    for (int i = 0; i < Identities.MAX_DEFERRED; i++) {
      fixture.bearer(token);
    }

    Outcome oneTooMany = fixture.bearer(token);

    assertThat(oneTooMany.error().kind()).isEqualTo(Kind.OVERLOADED);
    fixture.deferred.forEach(Runnable::run);
    assertThat(fixture.bearer(token).proceeded()).isTrue();
  }

  @Test
  void anExplanationFetchesNothing() {
    start();
    pass(Duration.ofSeconds(20));
    Exchange asked =
        Exchanges.on(fixture.plan(Routes.toFeed()))
            .header("Authorization", "Bearer " + token("new"))
            .explained();

    assertThat(fixture.outcome(asked).status()).isEqualTo(401);
    assertThat(fixture.loadCount).isEqualTo(1);
  }

  @Test
  void aReloadKeepsTheKeysOfAnUnchangedIssuer() {
    start();
    String token = token("old");
    fixture.bearer(token);
    IdentityConfig same = IdentityFixture.config();

    Exchange afterReload =
        Exchanges.on(IdentityFixture.plan(same, Routes.toFeed()))
            .header("Authorization", "Bearer " + token)
            .live();

    assertThat(fixture.outcome(afterReload).proceeded()).isTrue();
    assertThat(fixture.loadCount).isEqualTo(1);
  }

  @Test
  void aReloadThatDropsTheIssuerEndsItsTokensAndItsLoads() {
    start();
    String token = token("old");
    fixture.bearer(token);
    IdentityConfig without =
        new IdentityConfig(fixture.config.issuers().subList(0, 1), "X-Api-Key", List.of());
    IdentityConfig again =
        new IdentityConfig(fixture.config.issuers().subList(0, 1), "X-Key", List.of());

    Exchange afterReload =
        Exchanges.on(IdentityFixture.plan(without, Routes.toFeed()))
            .header("Authorization", "Bearer " + token)
            .live();
    assertThat(fixture.outcome(afterReload).status()).isEqualTo(401);
    fixture.identities.prepare(again);
    pass(Duration.ofHours(1));

    assertThat(fixture.loadCount).isEqualTo(1);
  }
}
