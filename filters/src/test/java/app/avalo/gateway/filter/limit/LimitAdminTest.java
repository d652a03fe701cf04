package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.limit.LimitAdmin.BucketView;
import app.avalo.gateway.filter.time.VirtualTime;
import org.junit.jupiter.api.Test;

/** What operators see of the buckets of this process. */
class LimitAdminTest {
  private final Limits limits = new Limits(new VirtualTime(), 1);
  private final LimitFilter filter = new LimitFilter(limits, null, "avalo");
  private final LimitAdmin admin = new LimitAdmin(limits, null, "avalo", null);

  private long ask(Plan plan) {
    Exchange exchange = Exchanges.on(plan).user("alice").live();
    Outcome.of(filter, exchange);
    return exchange.limits().get(0).remaining();
  }

  @Test
  void lookingIntoABucketTakesNothingHoweverOften() {
    for (KeyPart part : new KeyPart[] {KeyPart.USER, KeyPart.ROUTE}) {
      LimitConfig policy =
          Policies.named("by-" + part).local().key(part).of(perMinute(10)).cost(2).build();
      Plan plan = Policies.plan(policy);
      String key = part == KeyPart.USER ? "u=alice" : "r=" + plan.routes().get(0).name();
      assertThat(ask(plan)).isEqualTo(8);
      assertThat(ask(plan)).isEqualTo(6);

      for (int i = 0; i < 2; i++) {
        BucketView seen = admin.peek(policy, key).result().get(0);
        assertThat(seen.remaining()).as("%s, look %s", part, i).isEqualTo(6);
        assertThat(seen.capacity()).isEqualTo(10);
        assertThat(seen.resetNanos()).isEqualTo(24_000_000_000L);
        assertThat(seen.shared()).isFalse();
      }

      assertThat(ask(plan)).as("%s", part).isEqualTo(4);
    }
  }
}
