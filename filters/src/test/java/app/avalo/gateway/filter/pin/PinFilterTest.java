package app.avalo.gateway.filter.pin;

import static app.avalo.gateway.filter.pin.PinFixture.CHAT;
import static app.avalo.gateway.filter.pin.PinFixture.FEED;
import static app.avalo.gateway.filter.pin.PinFixture.WALLET;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.unit.Secret;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.keep.Order;
import app.avalo.gateway.filter.pin.store.Epoch;
import app.avalo.gateway.filter.pin.store.HomeStore;
import io.vertx.core.MultiMap;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
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
    gateway.daysPass(31);
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
    gateway.daysPass(14);
    String before = alice.cookie;
    alice.served(CHAT, "us");
    assertThat(alice.cookie).isEqualTo(before);
    gateway.daysPass(2);
    alice.served(CHAT, "us");
    assertThat(alice.cookie).isNotEqualTo(before);
    gateway.daysPass(20);
    assertThat(home("chat")).as("lives as long as its cookie").isEqualTo(1);
  }

  @Test
  void clientWithoutACookieJarCarriesTheSameValueAsAToken() {
    Exchange first = gateway.placed(stranger.asks(CHAT).header("Pin-Token", "").live(), "us");
    Outcome.of(gateway.filter, first);
    first.attempt(first.pin().region());
    Reply.Local answer = Reply.Local.empty(200);
    gateway.filter.response(first, answer);
    String token = answer.headers().get("pin-token");
    assertThat(answer.headers().contains("set-cookie")).isFalse();

    Exchange again =
        gateway.placed(stranger.asks(CHAT).header("Pin-Token", token).live(), "eu", "us");
    Outcome.of(gateway.filter, again);

    assertThat(again.pin().region().name()).isEqualTo("us");
    assertThat(again.pin().origin()).isEqualTo("cookie");
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
  void walletWritesAreRefusedWhileTheStoreOfTheMapIsDown() {
    alice.served(WALLET, "us", "eu");
    gateway.wallet.down = true;
    gateway.time.advance(Duration.ofSeconds(3));
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
  void walletReadsGoOnAndAreMarkedWhileTheStoreOfTheMapIsDown() {
    alice.served(WALLET, "us", "eu");
    gateway.wallet.down = true;
    gateway.time.advance(Duration.ofSeconds(3));
    Pinned read = alice.served(WALLET, "eu", "us");
    assertThat(read.region().name()).isEqualTo("us");
    assertThat(gateway.told(read).get("X-Pin-Stale")).isEqualTo("1");
    assertThat(gateway.told(read).contains("X-Pin-Deadline-Ms")).isFalse();
  }

  @Test
  void walletOfANewUserIsRefusedWhileTheStoreOfHomesIsDown() {
    gateway.homes.down = true;
    Exchange unknown = gateway.placed(gateway.new Client("bob").asks(WALLET).live(), "us", "eu");
    assertThat(Outcome.of(gateway.filter, unknown).status()).isEqualTo(503);
  }

  @Test
  void chatGoesOnByTheLastMapWhileTheStoreIsDownAndSaysSo() {
    alice.served(CHAT, "us", "eu");
    gateway.chat.down = true;
    gateway.time.advance(Duration.ofSeconds(3));
    Pinned write = alice.writes(CHAT, "eu", "us");
    assertThat(write.region().name()).isEqualTo("us");
    assertThat(write.mayWrite(gateway.time.nanos())).isTrue();
    assertThat(gateway.told(write).get("X-Pin-Stale")).isEqualTo("1");
  }

  @Test
  void chatOfANewUserGoesOnUnderAnEpochBelowAllOthersWhileTheStoreIsDown() {
    gateway.homes.down = true;
    gateway.chat.down = true;
    gateway.time.advance(Duration.ofSeconds(3));
    PinFixture.Client bob = gateway.new Client("bob");
    Pinned one = bob.served(CHAT, "us", "eu", "asia");
    Pinned other = bob.served(CHAT, "eu", "asia", "us");
    assertThat(other.region()).as("the same on every replica").isEqualTo(one.region());
    assertThat(Epoch.counter(one.epoch())).isZero();
    assertThat(bob.cookie).isNull();
    assertThat(gateway.told(one).get("X-Pin-Stale")).isEqualTo("1");
  }

  @Test
  void serviceIsToldCellEpochAndWhatIsLeftOfTheLeaseUnderASignature() {
    Pinned pin = alice.writes(WALLET, "us", "eu");
    MultiMap told = gateway.told(pin);
    assertThat(told.get("X-Pin-Group")).isEqualTo("wallet");
    assertThat(told.get("X-Pin-Region")).isEqualTo("us");
    assertThat(told.get("X-Pin-Cell")).matches("1:\\d{1,3}");
    assertThat(told.get("X-Pin-Epoch")).isEqualTo(Long.toString(Epoch.of(1, 1)));
    assertThat(Integer.parseInt(told.get("X-Pin-Deadline-Ms"))).isBetween(600, 900);
    assertThat(told.get("X-Pin-Signature"))
        .isEqualTo("1." + signature(told, "0123456789abcdef0123456789abcdef", "id-1"));
  }

  /** As a service would check it, by the words of the documentation. */
  private static String signature(MultiMap told, String secret, String requestId) {
    byte[] key = hmac(secret.getBytes(UTF_8), "avalo pins");
    String signed =
        told.get("X-Pin-Cell")
            + "\n"
            + told.get("X-Pin-Epoch")
            + "\n"
            + told.get("X-Pin-Deadline-Ms")
            + "\n"
            + requestId
            + "\n";
    byte[] first16 = Arrays.copyOf(hmac(key, signed), 16);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(first16);
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException everyJdkHasIt) {
      throw new AssertionError(everyJdkHasIt);
    }
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
}
