package app.avalo.gateway.filter.pin;

import static app.avalo.gateway.filter.pin.PinFixture.CHAT;
import static app.avalo.gateway.filter.pin.PinFixture.FEED;
import static app.avalo.gateway.filter.pin.PinFixture.WALLET;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.unit.Secret;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.store.Binding;
import app.avalo.gateway.filter.pin.store.Epoch;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PinFilterTest {
  private final PinFixture gateway = new PinFixture();
  private final PinFixture.Client alice = gateway.new Client("alice");
  private final PinFixture.Client stranger = gateway.new Client(null);

  @Test
  void serviceWithoutPinsIsLeftAlone() {
    Exchange exchange = gateway.placed(alice.asks(FEED).live(), "eu");
    assertThat(Outcome.of(gateway.filter, exchange).proceeded()).isTrue();
    assertThat(exchange.pin()).isNull();
    assertThat(alice.keep(exchange)).isNull();
  }

  @Test
  void newUserIsProposedTheFirstRegionAndNothingIsStoredBeforeTheAnswer() {
    Exchange exchange = gateway.placed(alice.asks(CHAT).live(), "us", "eu");
    Outcome.of(gateway.filter, exchange);
    assertThat(exchange.pin().region().name()).isEqualTo("us");
    assertThat(exchange.pin().origin()).isEqualTo("new");
    assertThat(exchange.pin().epoch()).isEqualTo(Epoch.of(1, 1));
    assertThat(stored("chat")).isNull();
    alice.answered(exchange);
    assertThat(stored("chat").epoch()).isEqualTo(Epoch.of(1, 1));
  }

  private Binding stored(String group) {
    return gateway.store.known(PinIdentity.user("alice").key(group));
  }

  @Test
  void forwarderMayPutANewUserElsewhereWithoutAStoreCall() {
    Exchange exchange = gateway.placed(stranger.asks(CHAT).live(), "us", "eu");
    Outcome.of(gateway.filter, exchange);
    Pinned elsewhere = exchange.pin().moveTo(gateway.region("eu")).result();
    exchange.pin(elsewhere);
    stranger.answered(exchange);
    assertThat(elsewhere.epoch()).isEqualTo(Epoch.of(1, 0));
    assertThat(stranger.served(CHAT, "us", "eu").region().name()).isEqualTo("eu");
    assertThat(gateway.store.calls).isZero();
  }

  @Test
  void answerThatWasNeverForwardedBindsNobody() {
    Exchange exchange = gateway.placed(alice.asks(CHAT).live(), "us", "eu");
    Outcome.of(gateway.filter, exchange);
    assertThat(alice.keep(exchange)).isNull();
    assertThat(stored("chat")).isNull();
  }

  @Test
  void validCookieNeedsNoStore() {
    alice.served(CHAT, "us", "eu");
    gateway.store.calls = 0;
    Pinned pin = alice.served(CHAT, "eu", "us");
    assertThat(pin.region().name()).isEqualTo("us");
    assertThat(pin.origin()).isEqualTo("cookie");
    assertThat(gateway.store.calls).isZero();
  }

  @Test
  void userWithAnotherDeviceGoesWhereTheFirstWent() {
    alice.served(CHAT, "us", "eu");
    Pinned pin = gateway.new Client("alice").served(CHAT, "eu", "us");
    assertThat(pin.region().name()).isEqualTo("us");
    assertThat(pin.origin()).isEqualTo("store");
  }

  @Test
  void strangerStaysByTheCookieAloneAndNeverFillsTheStore() {
    stranger.served(CHAT, "us", "eu");
    assertThat(stranger.served(CHAT, "eu", "us").region().name()).isEqualTo("us");
    assertThat(gateway.store.calls).isZero();
  }

  @Test
  void walletIsStoredBeforeTheRequestGoesOn() {
    Exchange exchange = gateway.placed(alice.asks(WALLET).method("POST").live(), "us", "eu");
    assertThat(Outcome.of(gateway.filter, exchange).proceeded()).isTrue();
    assertThat(stored("wallet").epoch()).isEqualTo(exchange.pin().epoch());
  }

  @Test
  void oneCookieCarriesAllGroupsOfAUser() {
    alice.served(CHAT, "us", "eu");
    alice.served(WALLET, "eu", "us");
    gateway.store.calls = 0;
    assertThat(alice.served(CHAT, "eu", "us").region().name()).isEqualTo("us");
    assertThat(gateway.store.calls).isZero();
    assertThat(alice.served(WALLET, "us", "eu").region().name()).isEqualTo("eu");
  }

  @Test
  void moveRaisesTheEpochAndTheCookieFollows() {
    alice.served(CHAT, "us", "eu");
    Exchange exchange = gateway.placed(alice.asks(CHAT).live(), "us", "eu");
    Outcome.of(gateway.filter, exchange);
    Pinned moved = exchange.pin().moveTo(gateway.region("eu")).result();
    assertThat(moved.epoch()).isEqualTo(Epoch.of(2, 0));
    assertThat(moved.origin()).isEqualTo("moved");
    exchange.pin(moved);
    alice.answered(exchange);
    assertThat(alice.served(CHAT, "us", "eu").epoch()).isEqualTo(Epoch.of(2, 0));
  }

  @Test
  void secondMoverGetsTheFirstOnesRegion() {
    alice.served(CHAT, "us", "eu", "asia");
    Exchange first = gateway.placed(alice.asks(CHAT).live(), "us", "eu", "asia");
    Exchange second = gateway.placed(alice.asks(CHAT).live(), "us", "eu", "asia");
    Outcome.of(gateway.filter, first);
    Outcome.of(gateway.filter, second);
    Pinned winner = first.pin().moveTo(gateway.region("eu")).result();
    Pinned loser = second.pin().moveTo(gateway.region("asia")).result();
    assertThat(loser.epoch()).isEqualTo(winner.epoch());
    assertThat(loser.region().name()).isEqualTo("eu");
    assertThat(gateway.counters.count(Event.OVERTAKEN)).isEqualTo(1);
  }

  @Test
  void operatorsMoveBeatsTheCookie() {
    alice.served(CHAT, "us", "eu");
    Binding now = stored("chat");
    gateway.store.move(
        PinIdentity.user("alice").key("chat"), now, 2, Binding.Cause.OPERATOR, Duration.ofDays(1));
    assertThat(alice.served(CHAT, "us", "eu", "asia").epoch()).isEqualTo(Epoch.of(2, 2));
  }

  @Test
  void cookieRepairsAStoreThatForgot() {
    alice.served(WALLET, "us", "eu");
    PinFixture other = new PinFixture();
    PinFixture.Client moved = other.new Client("alice");
    moved.cookie = alice.cookie;
    assertThat(moved.served(WALLET, "eu", "us").region().name()).isEqualTo("us");
    assertThat(other.store.known(PinIdentity.user("alice").key("wallet")).region()).isEqualTo(1);
    assertThat(other.counters.count(Event.REPAIRED)).isEqualTo(1);
  }

  @Test
  void pinToARegionThatMayNotServeTheUserMoves() {
    alice.served(CHAT, "us", "eu");
    Pinned pin = alice.served(CHAT, "eu");
    assertThat(pin.region().name()).isEqualTo("eu");
    assertThat(pin.epoch()).isEqualTo(Epoch.of(2, 0));
    assertThat(alice.served(CHAT, "us", "eu").region().name()).isEqualTo("eu");
  }

  @Test
  void foreignCookieIsIgnoredAndCounted() {
    alice.served(CHAT, "us", "eu");
    PinFixture.Client mallory = gateway.new Client("mallory");
    mallory.cookie = alice.cookie;
    assertThat(mallory.served(CHAT, "eu", "us").region().name()).isEqualTo("eu");
    stranger.cookie = alice.cookie;
    assertThat(stranger.served(CHAT, "eu", "us").region().name()).isEqualTo("eu");
    assertThat(gateway.counters.count(Event.COOKIE_FOREIGN)).isEqualTo(2);
  }

  @Test
  void expiredCookieIsIgnoredAndCounted() {
    stranger.served(CHAT, "us", "eu");
    gateway.time.advance(Duration.ofDays(31));
    assertThat(stranger.served(CHAT, "eu", "us").region().name()).isEqualTo("eu");
    assertThat(gateway.counters.count(Event.COOKIE_EXPIRED)).isEqualTo(1);
  }

  @Test
  void forgedCookieBeforeTheGoodOneHidesNothing() {
    stranger.served(CHAT, "us", "eu");
    String good = stranger.cookie;
    stranger.cookie = "A".repeat(80) + "; gwpin=; gwpin=" + good + "; c=d";
    assertThat(stranger.served(CHAT, "eu", "us").region().name()).isEqualTo("us");
  }

  @Test
  void cookieInAHeaderOfItsOwnIsFound() {
    stranger.served(CHAT, "us", "eu");
    String good = stranger.cookie;
    stranger.cookie = null;
    Exchange exchange =
        stranger.asks(CHAT).header("cookie", "x=y").header("cookie", "gwpin=" + good).live();
    Outcome.of(gateway.filter, gateway.placed(exchange, "eu", "us"));
    assertThat(exchange.pin().region().name()).isEqualTo("us");
  }

  @Test
  void cookieIsSetOnceAndRenewedAfterHalfItsLife() {
    Exchange first = gateway.placed(alice.asks(CHAT).live(), "us");
    Outcome.of(gateway.filter, first);
    first.attempt(first.pin().region());
    assertThat(alice.keep(first))
        .startsWith("gwpin=")
        .endsWith("; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure");
    gateway.time.advance(Duration.ofDays(14));
    String before = alice.cookie;
    alice.served(CHAT, "us");
    assertThat(alice.cookie).isEqualTo(before);
    gateway.time.advance(Duration.ofDays(2));
    alice.served(CHAT, "us");
    assertThat(alice.cookie).isNotEqualTo(before);
    gateway.time.advance(Duration.ofDays(20));
    assertThat(stored("chat")).as("lives as long as its cookie").isNotNull();
  }

  @Test
  void plainConnectionsGetACookieThatIsNotSecure() {
    Exchange exchange = gateway.placed(alice.asks(CHAT).plain().live(), "us");
    Outcome.of(gateway.filter, exchange);
    exchange.attempt(exchange.pin().region());
    assertThat(alice.keep(exchange)).endsWith("SameSite=Lax");
  }

  @Test
  void keyRotationKeepsPins() {
    stranger.served(CHAT, "us", "eu");
    PinConfig.Key old = gateway.plan.config().pins().keys().get(0);
    gateway.plan =
        PinFixture.plan(new PinConfig.Key(2, new Secret("another secret of enough bytes!!")), old);
    assertThat(stranger.served(CHAT, "eu", "us").region().name()).isEqualTo("us");
  }

  @Test
  void walletWritesAreRefusedWhileTheStoreIsDown() {
    alice.served(WALLET, "us", "eu");
    gateway.store.down = true;
    Exchange write = gateway.placed(alice.asks(WALLET).method("POST").live(), "us", "eu");
    Outcome refused = Outcome.of(gateway.filter, write);
    assertThat(refused.error().kind()).isEqualTo(Kind.STORE_DOWN);
    assertThat(refused.error().retryAfterSeconds()).isEqualTo(1);
    Exchange upgrade =
        gateway.placed(alice.asks(WALLET).header("Upgrade", "websocket").live(), "us", "eu");
    assertThat(Outcome.of(gateway.filter, upgrade).status()).isEqualTo(503);
    assertThat(gateway.counters.count(Event.REFUSED)).isEqualTo(2);
  }

  @Test
  void walletReadsGoOnWithACookieWhileTheStoreIsDown() {
    alice.served(WALLET, "us", "eu");
    gateway.store.down = true;
    assertThat(alice.served(WALLET, "eu", "us").region().name()).isEqualTo("us");
    Exchange unknown = gateway.placed(gateway.new Client("bob").asks(WALLET).live(), "us", "eu");
    assertThat(Outcome.of(gateway.filter, unknown).status()).isEqualTo(503);
  }

  @Test
  void walletDoesNotMoveWhileTheStoreIsDown() {
    Exchange exchange = gateway.placed(alice.asks(WALLET).live(), "us", "eu");
    Outcome.of(gateway.filter, exchange);
    gateway.store.down = true;
    assertThat(exchange.pin().moveTo(gateway.region("eu")).failed()).isTrue();
  }

  @Test
  void chatGoesOnAndMovesWhileTheStoreIsDown() {
    gateway.store.down = true;
    alice.served(CHAT, "us", "eu");
    Exchange exchange = gateway.placed(alice.asks(CHAT).live(), "us", "eu");
    Outcome.of(gateway.filter, exchange);
    exchange.pin(exchange.pin().moveTo(gateway.region("eu")).result());
    assertThat(alice.answered(exchange).epoch()).isEqualTo(Epoch.of(2, 0));
    gateway.store.down = false;
    assertThat(alice.served(CHAT, "us", "eu").epoch()).isEqualTo(Epoch.of(2, 0));
  }

  @Test
  void explainingSaysWhatWouldHappenAndChangesNothing() {
    Exchange exchange = gateway.placed(alice.asks(WALLET).explained(), "us", "eu");
    Outcome.of(gateway.filter, exchange);
    assertThat(exchange.explanation().steps())
        .singleElement()
        .satisfies(
            step -> {
              assertThat(step.subject()).isEqualTo("pin");
              assertThat(step.verdict()).isEqualTo("would be bound to us");
              assertThat(step.facts())
                  .containsEntry("group", "wallet")
                  .containsEntry("region", "us")
                  .containsEntry("epoch", Epoch.of(1, 1))
                  .containsEntry("origin", "new")
                  .containsEntry("contract", "SINGLE_HOME");
            });
    assertThat(stored("wallet")).isNull();
    alice.served(WALLET, "us", "eu");
    Exchange moving = gateway.placed(alice.asks(WALLET).explained(), "eu");
    Outcome.of(gateway.filter, moving);
    assertThat(moving.explanation().steps().get(0).verdict()).isEqualTo("would move to eu");
    assertThat(stored("wallet").region()).isEqualTo(1);
  }
}
