package app.avalo.gateway.filter.pin;

import static app.avalo.gateway.filter.pin.PinFixture.CHAT;
import static app.avalo.gateway.filter.pin.PinFixture.WALLET;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.store.Epoch;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What each contract allows while a store is away. */
class PinStoreDownTest {
  private final PinFixture gateway = new PinFixture();
  private final PinFixture.Client alice = gateway.new Client("alice");

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
}
