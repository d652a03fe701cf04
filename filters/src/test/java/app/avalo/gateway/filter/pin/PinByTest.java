package app.avalo.gateway.filter.pin;

import static app.avalo.gateway.filter.pin.PinFixture.CALLS;
import static app.avalo.gateway.filter.pin.PinFixture.CHAT;
import static app.avalo.gateway.filter.pin.PinFixture.ROOMS;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Reply;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who counts as one user: the caller, a session beside him, or what a header names. */
class PinByTest {
  private final PinFixture gateway = new PinFixture();
  private final PinFixture.Client alice = gateway.new Client("alice");
  private final PinFixture.Client bob = gateway.new Client("bob");
  private final PinFixture.Client stranger = gateway.new Client(null);

  private Exchange room(PinFixture.Client client, String room, String... preference) {
    Exchange exchange =
        gateway.placed(client.asks(ROOMS).header("X-Room", room).live(), preference);
    assertThat(Outcome.of(gateway.filter, exchange).proceeded()).isTrue();
    return exchange;
  }

  @Test
  void allWhoNameARoomAreServedWhereTheFirstOfThemWas() {
    room(alice, "17", "us", "eu");

    assertThat(room(bob, "17", "eu", "us").pin().region().name()).isEqualTo("us");
    assertThat(room(bob, "18", "eu", "us").pin().region().name()).isEqualTo("eu");
  }

  @Test
  void roomSetsNoCookieAndLeavesThatOfItsCallerAlone() {
    alice.served(CHAT, "us", "eu");
    String before = alice.cookie;

    assertThat(alice.keep(room(alice, "17", "eu", "us"))).isNull();
    assertThat(alice.cookie).isEqualTo(before);
    assertThat(gateway.counters.count(PinCounters.Event.COOKIE_FOREIGN)).isZero();
  }

  @Test
  void callerWithoutTheHeaderIsBoundAsHimself() {
    alice.served(ROOMS, "us", "eu");

    assertThat(bob.served(ROOMS, "eu", "us").region().name()).isEqualTo("eu");
    assertThat(alice.served(ROOMS, "eu", "us").region().name()).isEqualTo("us");
  }

  @Test
  void strangersFillNoStoreWithNames() {
    int before = gateway.homes.calls;

    room(stranger, "17", "us", "eu");

    assertThat(gateway.homes.calls).isEqualTo(before);
    assertThat(room(alice, "17", "eu", "us").pin().region().name()).isEqualTo("eu");
  }

  private Exchange call(PinFixture.Client client, @Nullable String cookie, String... preference) {
    var asking = client.asks(CALLS);
    Exchange exchange =
        gateway.placed(
            (cookie == null ? asking : asking.header("Cookie", cookie)).live(), preference);
    assertThat(Outcome.of(gateway.filter, exchange).proceeded()).isTrue();
    exchange.attempt(exchange.pin().region());
    return exchange;
  }

  private String set(Exchange exchange) {
    Reply.Local reply = Reply.Local.empty(200);
    gateway.filter.response(exchange, reply);
    String set = reply.headers().get("set-cookie");
    return set.substring(0, set.indexOf(';'));
  }

  @Test
  void sessionIsTheSameWhoeverLogsIn() {
    String cookie = set(call(stranger, null, "us", "eu"));

    assertThat(cookie).startsWith("gwpin-session=");
    assertThat(call(alice, cookie, "eu", "us").pin().region().name()).isEqualTo("us");
    assertThat(call(bob, cookie, "eu", "us").pin().region().name()).isEqualTo("us");
  }

  @Test
  void twoSessionsOfOneUserAreTwo() {
    String first = set(call(alice, null, "us", "eu"));

    assertThat(call(alice, null, "eu", "us").pin().region().name()).isEqualTo("eu");
    assertThat(call(alice, first, "eu", "us").pin().region().name()).isEqualTo("us");
  }
}
