package app.avalo.gateway.filter.pin;

import static app.avalo.gateway.filter.pin.PinFixture.CHAT;
import static app.avalo.gateway.filter.pin.PinFixture.FEED;
import static app.avalo.gateway.filter.pin.PinFixture.WALLET;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.keep.Order;
import app.avalo.gateway.filter.pin.store.Epoch;
import app.avalo.gateway.filter.pin.store.HomeStore;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
  void newUserGetsTheFirstRegionAsHomeBeforeTheRequestGoesOn() {
    Exchange exchange = gateway.placed(alice.asks(CHAT).live(), "us", "eu");
    Outcome.of(gateway.filter, exchange);
    assertThat(exchange.pin().region().name()).isEqualTo("us");
    assertThat(exchange.pin().origin()).isEqualTo("new");
    assertThat(exchange.pin().epoch()).isEqualTo(Epoch.of(1, 1));
    assertThat(home("chat")).isEqualTo(1);
  }

  private int home(String group) {
    return gateway.homes.known(PinIdentity.user("alice").key(group), Duration.ZERO);
  }

  @Test
  void answerThatWasNeverForwardedSetsNoCookie() {
    Exchange exchange = gateway.placed(alice.asks(CHAT).live(), "us", "eu");
    Outcome.of(gateway.filter, exchange);
    assertThat(alice.keep(exchange)).isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {CHAT, WALLET})
  void pinnedRequestAsksNoStore(int route) {
    alice.served(route, "us", "eu");
    gateway.homes.calls = 0;
    gateway.chat.calls = 0;
    gateway.wallet.calls = 0;
    for (int i = 0; i < 1000; i++) {
      Pinned pin = alice.writes(route, "eu", "us");
      assertThat(pin.mayWrite(gateway.time.nanos())).isTrue();
      assertThat(pin.region().name()).isEqualTo("us");
      assertThat(pin.origin()).isEqualTo("cookie");
    }
    assertThat(gateway.homes.calls + gateway.chat.calls + gateway.wallet.calls).isZero();
  }

  @Test
  void knownUserWithoutACookieAsksTheStoreOnce() {
    alice.served(CHAT, "us", "eu");
    gateway.homes.calls = 0;
    for (int i = 0; i < 10; i++) {
      gateway.new Client("alice").served(CHAT, "eu", "us");
    }
    assertThat(gateway.homes.calls).isZero();
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
    assertThat(gateway.homes.calls).isZero();
  }

  @Test
  void oneCookieCarriesAllGroupsOfAUser() {
    alice.served(CHAT, "us", "eu");
    alice.served(WALLET, "eu", "us");
    gateway.homes.calls = 0;
    assertThat(alice.served(CHAT, "eu", "us").region().name()).isEqualTo("us");
    assertThat(gateway.homes.calls).isZero();
    assertThat(alice.served(WALLET, "us", "eu").region().name()).isEqualTo("eu");
  }

  /** All users of a lost region follow the map, and their cookies tell it on. */
  @Test
  void usersOfALostRegionAreServedWhereTheMapSaysUnderAHigherEpoch() {
    long before = alice.served(WALLET, "us", "eu").epoch();
    gateway.wallet.dead.add(1);
    gateway.time.advance(Duration.ofSeconds(2));
    Pinned moved = alice.served(WALLET, "us", "eu", "asia");
    assertThat(moved.region().name()).isNotEqualTo("us");
    assertThat(moved.epoch()).isGreaterThan(before);
    assertThat(moved.mayWrite(gateway.time.nanos())).isTrue();
    assertThat(home("wallet")).as("where they come home to").isEqualTo(1);
  }

  @Test
  void requestThatWaitsFollowsItsUser() {
    alice.served(WALLET, "us", "eu");
    Pinned waiting = alice.writes(WALLET, "us", "eu");
    gateway.wallet.order(Order.giveUp(1, 0, "test"));
    assertThat(waiting.mayWrite(gateway.time.nanos())).as("about to leave").isFalse();
    gateway.time.advance(Duration.ofSeconds(2));
    assertThat(waiting.mayWrite(gateway.time.nanos())).as("left").isFalse();
    assertThat(waiting.now().region().name()).isEqualTo("eu");
    assertThat(waiting.now().mayWrite(gateway.time.nanos())).isTrue();
  }

  @Test
  void operatorMovesOneUserAndNobodyElse() {
    alice.served(CHAT, "us", "eu");
    gateway.chat.order(Order.move(PinIdentity.user("alice").cell(1), 2, "test"));
    gateway.time.advance(Duration.ofSeconds(2));
    assertThat(alice.served(CHAT, "us", "eu", "asia").region().name()).isEqualTo("asia");
    assertThat(stranger.served(CHAT, "us", "eu", "asia").region().name()).isEqualTo("us");
  }

  @Test
  void cookieOfAHigherEpochHoldsWritesUntilTheMapHasCaughtUp() {
    PinFixture other = new PinFixture();
    PinFixture.Client elsewhere = other.new Client("alice");
    elsewhere.served(WALLET, "us", "eu");
    other.wallet.order(Order.giveUp(1, 0, "test"));
    other.time.advance(Duration.ofSeconds(2));
    long seen = elsewhere.served(WALLET, "us", "eu").epoch();
    alice.cookie = elsewhere.cookie;

    Pinned write = alice.writes(WALLET, "us", "eu", "asia");

    assertThat(write.mayWrite(gateway.time.nanos())).as("the map forgot a move").isFalse();
    gateway.time.advance(Duration.ofSeconds(2));
    assertThat(write.now().epoch()).isGreaterThan(seen);
    assertThat(write.now().region().name()).isEqualTo("eu");
    assertThat(write.now().mayWrite(gateway.time.nanos())).isTrue();
  }

  @Test
  void refusalOfAFenceRaisesTheEpochToItsRegion() {
    alice.served(WALLET, "us", "eu");
    Pinned refused = alice.writes(WALLET, "us", "eu");
    refused.refused(Epoch.of(77, 2));
    gateway.time.advance(Duration.ofSeconds(2));
    assertThat(refused.now().region().name()).isEqualTo("asia");
    assertThat(Epoch.counter(refused.now().epoch())).isGreaterThan(77);
  }

  @Test
  void serviceThatNamesAnAbsurdEpochIsNotBelieved() {
    alice.served(WALLET, "us", "eu");
    Pinned refused = alice.writes(WALLET, "us", "eu");
    refused.refused(Epoch.of(Epoch.MAX_COUNTER - 1, 2));
    refused.refused(Epoch.of(5, 99));
    gateway.time.advance(Duration.ofSeconds(2));
    assertThat(refused.now()).isSameAs(refused);
  }

  @Test
  void knownUserWhoseRegionMayNotServeHimMoves() {
    alice.served(CHAT, "us", "eu");
    alice.served(CHAT, "eu");
    gateway.time.advance(Duration.ofSeconds(2));
    Pinned moved = alice.served(CHAT, "eu");
    assertThat(moved.region().name()).isEqualTo("eu");
    assertThat(alice.served(CHAT, "us", "eu").region().name()).isEqualTo("eu");
    assertThat(gateway.counters.count(Event.MOVED)).isEqualTo(1);
  }

  @Test
  void strangerWhoseRegionMayNotServeHimBeginsAnew() {
    stranger.served(CHAT, "us", "eu");
    assertThat(stranger.served(CHAT, "eu").region().name()).isEqualTo("eu");
    assertThat(stranger.served(CHAT, "us", "eu").region().name()).isEqualTo("eu");
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
    assertThat(home("wallet")).isEqualTo(HomeStore.UNKNOWN);
  }

  @Test
  void explainingMovesNobodyWhoseRegionMayNotServeHim() {
    alice.served(CHAT, "us", "eu");

    Outcome.of(gateway.filter, gateway.placed(alice.asks(CHAT).explained(), "eu"));

    gateway.time.advance(Duration.ofSeconds(2));
    assertThat(gateway.counters.count(Event.MOVED)).isZero();
    assertThat(alice.served(CHAT, "us", "eu").region().name()).isEqualTo("us");
  }
}
