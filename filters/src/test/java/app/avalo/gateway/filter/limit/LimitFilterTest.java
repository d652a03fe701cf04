package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LimitFilterTest {
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
  void aBurstPassesAndTheNextIsToldWhichLimitAndWhenToComeBack() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(6)).build());
    assertThat(passes(filter, plan, 6)).isEqualTo(6);
    time.advance(Duration.ofMillis(500));

    Outcome refused = ask(filter, plan);

    assertThat(refused.error().kind()).isEqualTo(Kind.LIMITED);
    assertThat(refused.error().rule()).isEqualTo("calls");
    assertThat(refused.error().detail()).isEqualTo("The limit of 6/min per caller is used up");
    assertThat(refused.error().retryAfterSeconds()).as("9.5 s, rounded up").isEqualTo(10);
  }

  @Test
  void whoObeysRetryAfterPassesAndWhoDoesNotIsRefused() {
    Plan plan =
        Policies.plan(Policies.named("odd").of(Policies.per(7, Duration.ofSeconds(61), 7)).build());
    passes(filter, plan, 7);
    for (int round = 0; round < 50; round++) {
      long wait = ask(filter, plan).error().retryAfterSeconds();
      time.advance(Duration.ofSeconds(wait - 1));
      assertThat(ask(filter, plan).proceeded()).as("a second early").isFalse();
      time.advance(Duration.ofSeconds(1));
      assertThat(ask(filter, plan).proceeded()).as("round %s", round).isTrue();
      passes(filter, plan, 7);
    }
  }

  @Test
  void ofSeveralRefusalsTheLongestWaitIsNamed() {
    LimitConfig fast = Policies.named("fast").of(Policies.per(1, Duration.ofSeconds(2), 1)).build();
    LimitConfig slow =
        Policies.named("slow").of(Policies.per(1, Duration.ofSeconds(30), 1)).build();
    Plan plan = Policies.plan(slow, fast);
    passes(filter, plan, 1);

    Outcome refused = ask(filter, plan);

    assertThat(refused.error().rule()).isEqualTo("slow");
    assertThat(refused.error().retryAfterSeconds()).isEqualTo(30);
  }

  @Test
  void aRefusedRequestPaysNowhere() {
    LimitConfig wide = Policies.named("wide").of(perMinute(100)).build();
    LimitConfig tight = Policies.named("tight").of(perMinute(1)).build();
    Plan plan = Policies.plan(wide, tight);
    passes(filter, plan, 50);

    Exchange exchange = Exchanges.on(plan).user("alice").live();
    Outcome.of(filter, exchange);

    LimitVerdict first = exchange.limits().get(0);
    assertThat(first.policy()).isEqualTo(wide);
    assertThat(first.remaining()).as("one of fifty passed").isEqualTo(99);
    assertThat(exchange.limits().get(1).allowed()).as("the refusing one is last").isFalse();
  }

  @Test
  void tiersHaveBucketsOfTheirOwn() {
    Plan plan =
        Policies.plan(
            Policies.named("calls")
                .key(KeyPart.ADDRESS)
                .of(perMinute(20))
                .tier("vip", perMinute(100))
                .build());
    var vip = new app.avalo.gateway.filter.Caller("bob", null, "vip", Set.of());

    int anonymous = 0;
    int vips = 0;
    for (int i = 0; i < 150; i++) {
      anonymous += Outcome.of(filter, Exchanges.on(plan).live()).proceeded() ? 1 : 0;
      vips += Outcome.of(filter, Exchanges.on(plan).caller(vip).live()).proceeded() ? 1 : 0;
    }

    assertThat(anonymous).isEqualTo(20);
    assertThat(vips).isEqualTo(100);
  }

  @Test
  void aTierWithoutABandwidthIsNotLimited() {
    Plan plan =
        Policies.plan(
            Policies.named("calls").ofTiersOnly().tier("anonymous", perMinute(1)).build());
    Exchange exchange = Exchanges.on(plan).user("alice").live();

    assertThat(passes(filter, plan, 100)).isEqualTo(100);
    Outcome.of(filter, exchange);
    assertThat(exchange.limits()).isEmpty();
  }

  @Test
  void aCallerWithoutTheKeyHasNoBucket() {
    Plan plan = Policies.plan(Policies.named("calls").key(KeyPart.USER).of(perMinute(1)).build());

    for (int i = 0; i < 5; i++) {
      assertThat(Outcome.of(filter, Exchanges.on(plan).live()).proceeded()).isTrue();
    }
  }

  @Test
  void anApiKeyAloneHasABucketWhoeverUsesIt() {
    Plan plan =
        Policies.plan(Policies.named("calls").key(KeyPart.API_KEY).of(perMinute(2)).build());
    Caller[] callers = {
      new Caller(null, "shop", "partner", Set.of()),
      new Caller("alice", "shop", "partner", Set.of()),
      new Caller("bob", "shop", "partner", Set.of()),
      new Caller(null, "bank", "partner", Set.of()),
      new Caller("shop", null, "partner", Set.of()), // a user of that name
    };
    boolean[] passed = new boolean[callers.length];
    for (int i = 0; i < callers.length; i++) {
      passed[i] = Outcome.of(filter, Exchanges.on(plan).caller(callers[i]).live()).proceeded();
    }

    assertThat(passed).containsExactly(true, true, false, true, true);
  }

  @Test
  void costIsTakenAsAWhole() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(10)).cost(3).build());

    assertThat(passes(filter, plan, 10)).isEqualTo(3);
  }

  @Test
  void aShadowedPolicyCountsButRefusesNobodyAndIsNotShown() {
    Plan plan = Policies.plan(Policies.named("trial").of(perMinute(2)).shadow().build());

    assertThat(passes(filter, plan, 10)).isEqualTo(10);
    Exchange exchange = Exchanges.on(plan).user("alice").live();
    Outcome.of(filter, exchange);
    Reply reply = Reply.Local.empty(200);
    filter.response(exchange, reply);

    assertThat(limits.counts())
        .containsEntry("trial", new Limits.Counts(2, 0, 9, Map.of(By.LOCAL, 11L)));
    assertThat(reply.headers().contains("ratelimit")).isFalse();
  }

  @Test
  void everyAnswerOfALimitedRouteCarriesTheFields() {
    Plan plan =
        Policies.plan(
            Policies.named("calls").of(Policies.per(100, Duration.ofMinutes(1), 200)).build(),
            Policies.named("slow").of(Policies.per(3, Duration.ofMillis(1500), 3)).build());
    Exchange exchange = Exchanges.on(plan).user("alice").live();
    Outcome.of(filter, exchange);

    Reply reply = Reply.Local.empty(204);
    filter.response(exchange, reply);

    assertThat(reply.headers().get("RateLimit-Policy"))
        .isEqualTo("\"calls\";q=100;w=60, \"slow\";q=4;w=2");
    assertThat(reply.headers().get("RateLimit")).isEqualTo("\"calls\";r=199;t=1, \"slow\";r=2;t=1");
  }

  @Test
  void explainingTakesNothing() {
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(2)).build());
    passes(filter, plan, 1);
    for (int i = 0; i < 5; i++) {
      Exchange asked = Exchanges.on(plan).user("alice").explained();
      assertThat(Outcome.of(filter, asked).proceeded()).isTrue();
      assertThat(asked.explanation().steps().get(0).verdict()).isEqualTo("allowed");
      assertThat(asked.explanation().steps().get(0).facts())
          .containsEntry("policy", "calls")
          .containsEntry("key", "caller")
          .containsEntry("remaining", 1L)
          .containsEntry("capacity", 2L)
          .containsEntry("resetSeconds", 30L);
    }
    assertThat(passes(filter, plan, 5)).isEqualTo(1);

    Exchange refused = Exchanges.on(plan).user("alice").explained();
    assertThat(Outcome.of(filter, refused).status()).isEqualTo(429);
    assertThat(refused.explanation().steps().get(0).facts())
        .containsEntry("retryAfterSeconds", 30L);
    assertThat(limits.counts())
        .containsEntry("calls", new Limits.Counts(2, 4, 0, Map.of(By.LOCAL, 6L)));
  }

  @Test
  void explainingARefusalGivesNothingBack() {
    LimitConfig wide = Policies.named("wide").of(perMinute(100)).build();
    Plan plan = Policies.plan(wide, Policies.named("tight").of(perMinute(1)).build());
    passes(filter, plan, 1);
    for (int i = 0; i < 5; i++) {
      Exchange looking = Exchanges.on(plan).user("alice").explained();
      assertThat(Outcome.of(filter, looking).status()).isEqualTo(429);
      assertThat(looking.limits().get(0).remaining()).as("look %s", i).isEqualTo(99);
    }
  }

  @Test
  void explainingAboutManyCallersKeepsNothingInMemory() {
    Plan plan = Policies.plan(Policies.named("calls").build());
    for (int i = 0; i < 1000; i++) {
      Outcome.of(filter, Exchanges.on(plan).user("u" + i).explained());
    }

    assertThat(limits.localBuckets()).isZero();
  }

  @Test
  void aReloadKeepsTheShareToWhichABucketWasFull() {
    Plan before = Policies.plan(Policies.named("calls").of(perMinute(100)).build());
    assertThat(passes(filter, before, 75)).isEqualTo(75);

    Plan tighter = Policies.plan(Policies.named("calls").of(perMinute(40)).build());
    assertThat(passes(filter, tighter, 100)).as("a quarter of 40").isEqualTo(10);
    Plan looser = Policies.plan(Policies.named("calls").of(perMinute(1000)).build());
    assertThat(passes(filter, looser, 100)).as("empty stays empty").isZero();
  }

  @Test
  void severalRatesHoldAtOnceAndEachIsAnnounced() {
    Plan plan =
        Policies.plan(
            Policies.named("calls")
                .of(Policies.per(2, Duration.ofSeconds(1), 2), perMinute(5))
                .build());

    assertThat(passes(filter, plan, 4)).isEqualTo(2);
    time.advance(Duration.ofSeconds(1));
    assertThat(passes(filter, plan, 4)).isEqualTo(2);
    time.advance(Duration.ofSeconds(1));
    Exchange last = Exchanges.on(plan).user("alice").live();
    assertThat(Outcome.of(filter, last).proceeded()).isTrue();
    Reply reply = Reply.Local.empty(204);
    filter.response(last, reply);
    Outcome refused = ask(filter, plan);

    assertThat(reply.headers().get("RateLimit-Policy"))
        .isEqualTo("\"calls/s\";q=2;w=1, \"calls/min\";q=5;w=60");
    assertThat(reply.headers().get("RateLimit")).isEqualTo("\"calls/min\";r=0;t=58");
    assertThat(refused.error().detail()).isEqualTo("The limit of 5/min per caller is used up");
    assertThat(refused.error().retryAfterSeconds()).isEqualTo(10);
  }

  @Test
  void aRequestCostsWhatItsMethodAndItsBodyCost() {
    LimitConfig.Cost cost = new LimitConfig.Cost(1, Map.of("POST", 5), 2, null);
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(100)).cost(cost).build());

    assertThat(left(plan, Exchanges.on(plan))).as("GET").isEqualTo(99);
    assertThat(left(plan, Exchanges.on(plan).method("POST"))).isEqualTo(94);
    assertThat(left(plan, Exchanges.on(plan).method("POST").header("content-length", "1048577")))
        .as("two MiB begun")
        .isEqualTo(85);
    assertThat(left(plan, Exchanges.on(plan).method("PUT").header("transfer-encoding", "chunked")))
        .as("as one MiB")
        .isEqualTo(82);
  }

  @Test
  void aBodyThatWasNotAnnouncedIsChargedAtItsEndByWhatHasCome() {
    LimitConfig.Cost cost = new LimitConfig.Cost(1, Map.of(), 2, null);
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(100)).cost(cost).build());
    long[][] bytesAndLeft = {{0, 99}, {1 << 20, 96}, {(10 << 20) + 1, 73}, {200 << 20, 0}};
    for (long[] each : bytesAndLeft) {
      Exchange exchange =
          Exchanges.on(plan).user("alice").header("transfer-encoding", "chunked").live();
      assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
      exchange.addBytesIn(each[0]);

      filter.end(exchange);

      Exchange looking = Exchanges.on(plan).user("alice").explained();
      Outcome.of(filter, looking);
      assertThat(looking.limits().get(0).remaining()).as("%s", each[0]).isEqualTo(each[1]);
    }
  }

  @Test
  void whoWasRefusedIsNotChargedForABodyThatCameAllTheSame() {
    LimitConfig.Cost cost = new LimitConfig.Cost(1, Map.of(), 2, null);
    LimitConfig wide = Policies.named("wide").of(perMinute(100)).cost(cost).build();
    Plan plan = Policies.plan(wide, Policies.named("tight").of(perMinute(1)).build());
    passes(filter, plan, 1);
    Exchange exchange =
        Exchanges.on(plan).user("alice").header("transfer-encoding", "chunked").live();
    assertThat(Outcome.of(filter, exchange).status()).isEqualTo(429);
    exchange.addBytesIn(50 << 20);

    filter.end(exchange);

    Exchange looking = Exchanges.on(plan).user("alice").explained();
    Outcome.of(filter, looking);
    assertThat(looking.limits().get(0).remaining()).isEqualTo(99);
  }

  private long left(Plan plan, Exchanges request) {
    Exchange exchange = request.user("alice").live();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    return exchange.limits().get(0).remaining();
  }

  @Test
  void aBodyThatCostsMoreThanABucketHoldsTakesAllOfIt() {
    LimitConfig.Cost cost = new LimitConfig.Cost(1, Map.of(), 1, null);
    Plan plan = Policies.plan(Policies.named("calls").of(perMinute(10)).cost(cost).build());

    Exchanges request = Exchanges.on(plan).header("content-length", "52428800");
    assertThat(left(plan, request)).isZero();
    assertThat(ask(filter, plan).status()).isEqualTo(429);
  }

  @Test
  void aLimitThatIsNotToBeAnnouncedIsNot() {
    Plan plan = Policies.plan(Policies.named("quiet").of(perMinute(2)).withoutFields().build());
    Exchange exchange = Exchanges.on(plan).user("alice").live();
    Outcome.of(filter, exchange);
    Reply reply = Reply.Local.empty(200);

    filter.response(exchange, reply);

    assertThat(reply.headers().contains("ratelimit")).isFalse();
    assertThat(passes(filter, plan, 5)).isEqualTo(1);
  }

  @Test
  void whoKeepsToTheFieldsForTenMinutesIsNeverRefused() {
    Plan plan =
        Policies.plan(
            Policies.named("calls")
                .of(Policies.per(3, Duration.ofSeconds(1), 3), perMinute(90))
                .build());
    long end = time.nanos() + Duration.ofMinutes(10).toNanos();
    int sent = 0;
    while (time.nanos() < end) {
      Exchange exchange = Exchanges.on(plan).user("alice").live();
      assertThat(Outcome.of(filter, exchange).proceeded()).as("request %s", sent++).isTrue();
      Reply reply = Reply.Local.empty(204);
      filter.response(exchange, reply);
      String state = reply.headers().get("RateLimit");
      int from = state.indexOf(";r=") + 3;
      if (Long.parseLong(state.substring(from, state.indexOf(";t="))) == 0) {
        time.advance(Duration.ofSeconds(Long.parseLong(state.substring(state.indexOf(";t=") + 3))));
      }
    }
    assertThat(sent).as("and not by being idle").isGreaterThan(400);
  }
}
