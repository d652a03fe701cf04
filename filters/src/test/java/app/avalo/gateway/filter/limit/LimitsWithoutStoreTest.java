package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig.OnStoreDown;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What holds while the store does not answer. */
class LimitsWithoutStoreTest {
  private final VirtualTime time = new VirtualTime();

  private final Limits limits = new Limits(time, 1);
  private final LimitFilter filter = new LimitFilter(limits, null, "avalo");
  private final LimitFilter away = new LimitFilter(limits, new RedisAway(time), "avalo");

  private static Outcome ask(LimitFilter filter, Plan plan) {
    return Outcome.of(filter, Exchanges.on(plan).user("alice").live());
  }

  private static int passes(LimitFilter filter, Plan plan, int requests) {
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      passed += ask(filter, plan).proceeded() ? 1 : 0;
    }
    return passed;
  }

  @Test
  void withoutTheStoreAShareHoldsAndSaysSo() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(5)).build());

    assertThat(passes(away, plan, 20)).as("a tenth, but one request").isEqualTo(1);
    assertThat(limits.counts())
        .containsEntry("calls", new Limits.Counts(1, 19, 0, Map.of(By.LOCAL_SHARE, 20L)));
  }

  @Test
  void whoHasUsedUpTheShareIsToldThatNobodyCanCheckMore() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(5)).build());
    passes(away, plan, 1);

    Outcome refused = ask(away, plan);

    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.error().rule()).isEqualTo("calls");
    assertThat(refused.error().detail())
        .isEqualTo(
            "The limit of 5/min per caller cannot be checked now, and what may pass unchecked is"
                + " used up");
    assertThat(refused.error().retryAfterSeconds()).isEqualTo(12);
  }

  @Test
  void withoutTheStoreAnOpenLimitLetsEverybodyPass() {
    Plan plan =
        Policies.plan(
            Policies.named("calls").of(perMinute(5)).onStoreDown(OnStoreDown.OPEN).build());

    assertThat(passes(away, plan, 20)).isEqualTo(20);
    assertThat(limits.counts())
        .containsEntry("calls", new Limits.Counts(20, 0, 0, Map.of(By.OPEN, 20L)));
  }

  @Test
  void withoutTheStoreAClosedLimitLetsNobodyPassAndPaysNowhere() {
    Plan plan =
        Policies.plan(
            Policies.named("here").local().of(perMinute(5)).build(),
            Policies.named("calls").of(perMinute(5)).onStoreDown(OnStoreDown.CLOSED).build());

    for (int i = 0; i < 20; i++) {
      Outcome outcome = ask(away, plan);
      assertThat(outcome.error().kind()).isEqualTo(Kind.STORE_DOWN);
      assertThat(outcome.error().rule()).isEqualTo("calls");
    }
    Plan here = Policies.plan(Policies.named("here").local().of(perMinute(5)).build());
    assertThat(passes(away, here, 20)).isEqualTo(5);
  }

  @Test
  void whereNobodyDecidesTheFieldsSayWhatIsGrantedAndNothingOfWhatIsLeft() {
    for (OnStoreDown rule : new OnStoreDown[] {OnStoreDown.OPEN, OnStoreDown.CLOSED}) {
      Plan plan = Policies.plan(Policies.named("calls").of(perMinute(5)).onStoreDown(rule).build());
      Exchange exchange = Exchanges.on(plan).user("alice").live();
      Outcome.of(away, exchange);
      Reply reply = Reply.Local.empty(200);

      away.response(exchange, reply);

      assertThat(reply.headers().get("RateLimit-Policy")).isEqualTo("\"calls\";q=5;w=60");
      assertThat(reply.headers().contains("RateLimit")).as("%s", rule).isFalse();
    }
  }

  @Test
  void whereNobodyDecidesAnExplanationSaysSoToo() {
    for (OnStoreDown rule : new OnStoreDown[] {OnStoreDown.OPEN, OnStoreDown.CLOSED}) {
      Plan plan = Policies.plan(Policies.named("calls").of(perMinute(5)).onStoreDown(rule).build());
      Exchange looking = Exchanges.on(plan).user("alice").explained();
      Outcome.of(away, looking);

      assertThat(looking.explanation().steps().get(0).facts())
          .as("%s", rule)
          .containsEntry("capacity", 5L)
          .containsEntry("degraded", true)
          .doesNotContainKeys("remaining", "resetSeconds");
    }
  }

  @Test
  void besideAPolicyThatNobodyDecidesTheOthersSayWhatIsLeft() {
    Plan plan =
        Policies.plan(
            Policies.named("here").local().of(perMinute(6)).build(),
            Policies.named("calls").of(perMinute(5)).onStoreDown(OnStoreDown.OPEN).build());
    Exchange exchange = Exchanges.on(plan).user("alice").live();
    Outcome.of(away, exchange);
    Reply reply = Reply.Local.empty(200);

    away.response(exchange, reply);

    assertThat(reply.headers().get("RateLimit-Policy"))
        .isEqualTo("\"here\";q=6;w=60, \"calls\";q=5;w=60");
    assertThat(reply.headers().get("RateLimit")).isEqualTo("\"here\";r=5;t=10");
  }

  @Test
  void withoutTheStoreAShadowedClosedLimitStillRefusesNobody() {
    Plan plan =
        Policies.plan(Policies.named("calls").shadow().onStoreDown(OnStoreDown.CLOSED).build());

    assertThat(passes(away, plan, 20)).isEqualTo(20);
  }

  @Test
  void withoutTheStoreEachOfFourReplicasHasAQuarter() {
    Limits four = new Limits(time, 4);
    LimitFilter replica = new LimitFilter(four, new RedisAway(time), "avalo");
    Plan plan =
        Policies.plan(
            Policies.named("calls").of(Policies.per(100, Duration.ofSeconds(1), 400)).build());

    assertThat(passes(replica, plan, 50)).as("a quarter of a tenth of 400").isEqualTo(10);
    time.advance(Duration.ofMillis(200));
    assertThat(passes(replica, plan, 50)).as("25/s").isEqualTo(5);
    four.replicas(8);
    time.advance(Duration.ofMillis(200));
    assertThat(passes(replica, plan, 50)).as("12.5/s, as one of eight").isEqualTo(2);
  }

  @Test
  void aRedisThatIsBackAndHasHeardOfFewMakesNoShareLarger() {
    Limits four = new Limits(time, 1);
    four.replicas(4);
    time.advance(Duration.ofSeconds(60)); // away

    four.replicas(1);
    assertThat(four.replicas()).isEqualTo(4);
    four.replicas(3);
    four.replicas(2);
    four.replicas(2);
    four.replicas(2);
    assertThat(four.replicas()).as("said five times").isEqualTo(4);
    four.replicas(2);
    assertThat(four.replicas()).as("the most that was said lately").isEqualTo(3);
    four.replicas(5);
    assertThat(four.replicas()).as("at once").isEqualTo(5);
  }
}
