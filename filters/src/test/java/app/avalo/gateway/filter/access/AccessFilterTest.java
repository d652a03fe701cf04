package app.avalo.gateway.filter.access;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessFilterTest {
  private static final RouteConfig ROUTE =
      Routes.toFeed()
          .name("office")
          .allow(block("10.0.0.0", 104), block("2001:db8::", 32))
          .deny(block("10.1.0.0", 112))
          .build();

  private final AccessFilter filter = new AccessFilter();

  private static Cidr block(String network, int bits) {
    IpAddress address = Objects.requireNonNull(IpAddress.parse(network));
    return new Cidr(address.high(), address.low(), bits);
  }

  @ParameterizedTest
  @CsvSource({"10.2.3.4", "2001:db8::7", "::ffff:10.2.3.4"})
  void anAllowedAddressPasses(String client) {
    Outcome outcome = Outcome.of(filter, Exchanges.on(ROUTE).client(client).live());

    assertThat(outcome.proceeded()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3, office.access.deny", // also allowed: deny is the stronger
    "11.0.0.1, office.access.allow",
    "2001:db9::1, office.access.allow",
  })
  void anyOtherIsRefusedWithTheRuleThatDidIt(String client, String rule) {
    Outcome outcome = Outcome.of(filter, Exchanges.on(ROUTE).client(client).live());

    assertThat(outcome.status()).isEqualTo(403);
    assertThat(outcome.error().kind()).isEqualTo(Kind.FORBIDDEN);
    assertThat(outcome.error().rule()).isEqualTo(rule);
  }

  @Test
  void aRouteWithoutRulesIsOpen() {
    Outcome outcome = Outcome.of(filter, Exchanges.on(Plans.minimal()).live());

    assertThat(outcome.proceeded()).isTrue();
  }

  @Test
  void aReloadedPlanBringsItsOwnRules() {
    Outcome.of(filter, Exchanges.on(ROUTE).client("10.1.2.3").live());

    RouteConfig open = Routes.toFeed().name("office").build();
    Outcome after = Outcome.of(filter, Exchanges.on(open).client("10.1.2.3").live());

    assertThat(after.proceeded()).isTrue();
  }

  @Test
  void anExplanationNamesTheRule() {
    Exchange asked = Exchanges.on(ROUTE).client("10.1.2.3").explained();

    Outcome.of(filter, asked);

    assertThat(Objects.requireNonNull(asked.explanation()).steps())
        .singleElement()
        .satisfies(step -> assertThat(step.facts()).containsEntry("rule", "office.access.deny"));
  }
}
