package app.avalo.gateway.filter.pin;

import static app.avalo.gateway.filter.pin.PinFixture.CHAT;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.unit.Secret;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Which cookies are believed, and when one is given. */
class PinCookiesTest {
  private final PinFixture gateway = new PinFixture();
  private final PinFixture.Client alice = gateway.new Client("alice");
  private final PinFixture.Client stranger = gateway.new Client(null);

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
  void signatureOfACookieThatIsKnownCarriesNoOtherText() {
    stranger.served(CHAT, "us", "eu");
    stranger.served(CHAT, "us", "eu");
    String good = stranger.cookie;
    for (int at = 0; at < good.length(); at++) {
      char other = good.charAt(at) == 'B' ? 'C' : 'B';
      stranger.cookie = good.substring(0, at) + other + good.substring(at + 1);
      assertThat(stranger.served(CHAT, "eu", "us").region().name()).as(at + "").isEqualTo("eu");
    }
    stranger.cookie = good;
    assertThat(stranger.served(CHAT, "eu", "us").region().name()).isEqualTo("us");
  }

  @Test
  void cookieThatIsKnownStillExpiresAndStaysItsOwners() {
    alice.served(CHAT, "us", "eu");
    String good = alice.cookie;
    alice.served(CHAT, "us", "eu");
    PinFixture.Client mallory = gateway.new Client("mallory");
    mallory.cookie = good;
    mallory.served(CHAT, "eu", "us");
    assertThat(gateway.counters.count(Event.COOKIE_FOREIGN)).isEqualTo(1);

    gateway.daysPass(31);
    alice.cookie = good;
    alice.served(CHAT, "us", "eu");

    assertThat(gateway.counters.count(Event.COOKIE_EXPIRED)).isEqualTo(1);
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

  private int home(String group) {
    return gateway.homes.known(PinIdentity.user("alice").key(group), Duration.ZERO);
  }
}
