package app.avalo.gateway.filter.budget;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TariffTest {
  private static String tier(Tariff tariff, String tier) {
    Caller caller = new Caller("ada", null, tier, Set.of());
    var plan = Plans.minimal().route(Routes.toFeed().build());
    return tariff.ask(Exchanges.on(plan).caller(caller).live()).tier();
  }

  @Test
  void eachCallerCountsUnderItsOwnTierWhoeverAskedBefore() {
    Tariff tariff = new Tariff(List.of(), null, "all", "GET");

    assertThat(tier(tariff, "vip")).isEqualTo("vip");
    assertThat(tier(tariff, "vip")).isEqualTo("vip");
    assertThat(tier(tariff, "guest")).isEqualTo("guest");
    assertThat(tier(tariff, "No tier | of ours")).isEqualTo("other");
    assertThat(tier(tariff, "vip")).isEqualTo("vip");
  }
}
