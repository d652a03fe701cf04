package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.per;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a caller has for a while begins and ends as full as what it replaces. */
class OtherRatesTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final long MINUTE = 60_000;

  private final VirtualTime time = new VirtualTime(0);
  private final Limits limits = new Limits(time, 1);
  private final OtherRates orders = new OtherRates(limits);
  private final LimitFilter filter = new LimitFilter(limits, null, "avalo");

  private static Plan hundredADay(KeyPart... key) {
    return plan(Policies.named("calls").local().key(key).of(per(100, DAY, 100)).build());
  }

  private static Plan plan(LimitConfig policy) {
    return Policies.plan(policy);
  }

  private static int passes(LimitFilter filter, Plan plan, String user, int requests) {
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      Exchange exchange = Exchanges.on(plan).user(user).live();
      passed += Outcome.of(filter, exchange).proceeded() ? 1 : 0;
    }
    return passed;
  }

  private int passes(Plan plan, int requests) {
    return passes(filter, plan, "alice", requests);
  }

  @Test
  void otherRatesBeginAndEndAsFullAsTheBucketWas() {
    Plan plan = hundredADay(KeyPart.CALLER);
    passes(plan, 75);

    orders.give("u=alice", "1000/d", MINUTE);
    assertThat(passes(plan, 50)).as("of a quarter of 1000").isEqualTo(50);
    orders.end("u=alice");

    assertThat(passes(plan, 100)).as("a fifth of 100").isEqualTo(20);
  }

  @Test
  void otherRatesThatRunOutEndLikewise() {
    Plan plan = hundredADay(KeyPart.CALLER);
    orders.give("u=alice", "1000/d", MINUTE);
    assertThat(passes(plan, 900)).isEqualTo(900);

    time.advance(Duration.ofMillis(MINUTE));

    assertThat(passes(plan, 100)).as("a tenth").isEqualTo(10);
  }

  @Test
  void whoHasFilledUpUnderOtherRatesIsFullAfterwards() {
    Plan plan = hundredADay(KeyPart.CALLER);
    passes(plan, 100);
    orders.give("u=alice", "10/s", MINUTE);
    passes(plan, 1);
    time.advance(Duration.ofSeconds(2));

    orders.end("u=alice");

    assertThat(passes(plan, 200)).isEqualTo(100);
  }

  @Test
  void otherRatesASecondTimeKnowNothingOfTheFirst() {
    Plan plan = hundredADay(KeyPart.CALLER);
    orders.give("u=alice", "10/d", MINUTE);
    assertThat(passes(plan, 20)).isEqualTo(10);
    orders.end("u=alice");
    time.advance(DAY);
    passes(plan, 50);

    orders.give("u=alice", "10/d", time.epochMillis() + MINUTE);

    assertThat(passes(plan, 20)).as("half").isEqualTo(5);
  }

  @Test
  void nothingIsKeptOfOtherRatesThatAreOver() {
    Plan plan = hundredADay(KeyPart.CALLER);
    for (int i = 0; i < 50; i++) {
      orders.give("u=alice" + i, "10/d", MINUTE);
      passes(filter, plan, "alice" + i, 1);
    }
    assertThat(limits.localBuckets()).isEqualTo(50);
    time.advance(Duration.ofMillis(MINUTE));

    orders.end("u=alice0");

    assertThat(limits.localBuckets()).as("those of 100 a day").isEqualTo(50);
    assertThat(limits.tables()).isEqualTo(1);
  }

  @Test
  void aBucketThatManyShareKeepsItsRates() {
    Plan plan = hundredADay(KeyPart.ROUTE);
    orders.give("u=alice", "1/d", MINUTE);

    assertThat(passes(plan, 200)).isEqualTo(100);
  }

  @Test
  void withoutTheStoreOtherRatesHaveAShareOfTheirOwn() {
    for (Policies kind :
        new Policies[] {Policies.named("calls"), Policies.named("calls").leased()}) {
      Limits own = new Limits(time, 1);
      LimitFilter away = new LimitFilter(own, new RedisAway(time), "avalo");
      OtherRates given = new OtherRates(own);
      Plan plan = plan(kind.of(per(100, DAY, 100)).build());
      assertThat(passes(away, plan, "alice", 20)).as("a tenth of 100").isEqualTo(10);

      given.give("u=alice", "2000/d", 10 * MINUTE);
      assertThat(passes(away, plan, "alice", 20)).as("as empty").isZero();
      time.advance(Duration.ofSeconds(44));
      assertThat(passes(away, plan, "alice", 20)).as("at 2000 a day").isEqualTo(1);
      given.give("u=bob", "2000/d", 10 * MINUTE);
      assertThat(passes(away, plan, "bob", 300)).as("a tenth of 2000").isEqualTo(200);
      given.end("u=bob");

      assertThat(passes(away, plan, "bob", 20)).as("as empty").isZero();
    }
  }

  @Test
  void withoutTheStoreOtherRatesLeaveTheShareOfAllOthersAlone() {
    Plan plan =
        plan(
            Policies.named("calls")
                .of(per(10, Duration.ofSeconds(1), 10), per(1000, DAY, 1000))
                .build());
    LimitFilter away = new LimitFilter(limits, new RedisAway(time), "avalo");
    int passed = 0;
    for (int i = 0; i < 300; i++) { // so many that some share a part of a table with bob
      orders.give("u=alice" + i, "300/h", 1000 * MINUTE);
      passes(away, plan, "alice" + i, 1);
      passed += passes(away, plan, "bob", 1);
      time.advance(Duration.ofMillis(200));
    }

    assertThat(passed).as("a tenth of 1000").isEqualTo(100);
  }
}
