package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.config.LimitConfig.Daily;
import app.avalo.gateway.config.LimitConfig.Event;
import app.avalo.gateway.config.LimitConfig.Follow;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.LimitConfig.Season;
import app.avalo.gateway.config.LimitConfig.TimeOut;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.http.HttpHeaders;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Limits that are not always the same. */
class ChangingLimitsTest {
  private static final Instant FRIDAY_EVENING = Instant.parse("2026-11-27T20:59:59Z");

  private final VirtualTime time = new VirtualTime(FRIDAY_EVENING.toEpochMilli());
  private final Limits limits = new Limits(time, 1);
  private final LimitFilter filter = new LimitFilter(limits, null, "avalo");

  private Exchange ask(Plan plan) {
    Exchange exchange = Exchanges.on(plan).user("alice").at(time.nanos()).live();
    Outcome.of(filter, exchange);
    return exchange;
  }

  private long remaining(Plan plan) {
    return ask(plan).limits().get(0).remaining();
  }

  private int passes(Plan plan, int requests) {
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      passed += ask(plan).limits().get(0).allowed() ? 1 : 0;
    }
    return passed;
  }

  @Test
  void atNightABucketIsSmallerAndAsFullAsItWas() {
    ZoneId warsaw = ZoneId.of("Europe/Warsaw");
    Daily night =
        new Daily(LocalTime.of(22, 0), LocalTime.of(6, 0), EnumSet.allOf(DayOfWeek.class), warsaw);
    for (KeyPart part : new KeyPart[] {KeyPart.CALLER, KeyPart.ROUTE}) {
      VirtualTime clock = new VirtualTime(FRIDAY_EVENING.toEpochMilli());
      LimitFilter any = new LimitFilter(new Limits(clock, 1), null, "avalo");
      Plan plan =
          Policies.plan(
              Policies.named("calls")
                  .key(part)
                  .of(Policies.per(100, Duration.ofDays(1), 100))
                  .schedule(new Season(night, 50))
                  .build());
      for (int i = 0; i < 60; i++) {
        Outcome.of(any, Exchanges.on(plan).user("alice").live());
      }
      clock.advance(Duration.ofSeconds(2)); // 22:00 in Warsaw

      Exchange exchange = Exchanges.on(plan).user("alice").live();
      Outcome.of(any, exchange);

      assertThat(exchange.limits().get(0).remaining()).as("%s: 40 of 100", part).isEqualTo(19);
      assertThat(exchange.limits().get(0).bandwidth().burst()).isEqualTo(50);
    }
  }

  @Test
  void aNightThatBeginsOnFridayEndsOnSaturday() {
    Daily night =
        new Daily(
            LocalTime.of(22, 0), LocalTime.of(6, 0), Set.of(DayOfWeek.FRIDAY), ZoneId.of("UTC"));
    assertThat(night.include(OffsetDateTime.parse("2026-11-27T21:59:59Z"))).isFalse();
    assertThat(night.include(OffsetDateTime.parse("2026-11-27T22:00:00Z"))).isTrue();
    assertThat(night.include(OffsetDateTime.parse("2026-11-28T05:59:59Z"))).isTrue();
    assertThat(night.include(OffsetDateTime.parse("2026-11-28T06:00:00Z"))).isFalse();
    assertThat(night.include(OffsetDateTime.parse("2026-11-27T03:00:00Z")))
        .as("of Thursday")
        .isFalse();
  }

  @Test
  void anEventAllowsMoreWhileItLasts() {
    Event event =
        new Event(
            FRIDAY_EVENING.plusSeconds(1).atOffset(ZoneOffset.UTC),
            FRIDAY_EVENING.plusSeconds(11).atOffset(ZoneOffset.UTC));
    Plan plan =
        Policies.plan(
            Policies.named("calls")
                .of(Policies.per(10, Duration.ofDays(1), 10))
                .schedule(new Season(event, 300))
                .build());
    assertThat(remaining(plan)).isEqualTo(9);
    time.advance(Duration.ofSeconds(2));
    assertThat(remaining(plan)).as("nine tenths of 30, less one").isEqualTo(26);
    time.advance(Duration.ofSeconds(10));
    assertThat(remaining(plan)).as("as full, of 10, less one").isEqualTo(7);
    assertThat(limits.percent("calls")).isEqualTo(100);
  }

  private void answered(Plan plan, int requests, int status, long tookMillis) {
    for (int i = 0; i < requests; i++) {
      Exchange exchange = ask(plan);
      exchange.sent();
      exchange.asked(exchange.startNanos());
      exchange.status(status);
      exchange.firstByteNanos(exchange.startNanos() + tookMillis * 1_000_000);
      filter.end(exchange);
    }
  }

  @Test
  void aLimitFollowsAServiceThatIsSlowOrFailsAndRecoversSlowly() {
    Plan plan =
        Policies.plan(
            Policies.named("calls")
                .of(Policies.per(1_000_000, Duration.ofSeconds(1), 1_000_000))
                .follow(new Follow(Duration.ofMillis(300), 0.05, 40))
                .build());
    answered(plan, 100, 200, 100);
    time.advance(Duration.ofSeconds(1));
    ask(plan);
    assertThat(limits.percent("calls")).as("on target").isEqualTo(100);

    answered(plan, 94, 200, 100);
    answered(plan, 6, 200, 400);
    time.advance(Duration.ofSeconds(1));
    ask(plan);
    assertThat(limits.percent("calls")).as("slow").isEqualTo(70);

    for (int i = 0; i < 3; i++) {
      answered(plan, 94, 200, 100);
      answered(plan, 6, 503, 100);
      time.advance(Duration.ofSeconds(1));
      ask(plan);
    }
    assertThat(limits.percent("calls")).as("not below the least").isEqualTo(40);

    answered(plan, 100, 200, 100);
    time.advance(Duration.ofSeconds(1));
    ask(plan);
    assertThat(limits.percent("calls")).isEqualTo(42);
    time.advance(Duration.ofSeconds(60));
    ask(plan);
    assertThat(limits.percent("calls")).isEqualTo(100);
  }

  private static Plan followsItsService() {
    return Policies.plan(
        Policies.named("calls")
            .of(Policies.per(1_000_000, Duration.ofSeconds(1), 1_000_000))
            .follow(new Follow(Duration.ofMillis(300), 0.05, 40))
            .build());
  }

  private int percentASecondLater(Plan plan) {
    time.advance(Duration.ofSeconds(1));
    ask(plan);
    return limits.percent("calls");
  }

  @Test
  void aClientThatLeavesIsNoFailureOfTheService() {
    Plan plan = followsItsService();
    for (Kind kind : new Kind[] {Kind.CLIENT_GONE, Kind.REQUEST_TIMEOUT, Kind.OVERLOADED}) {
      for (int i = 0; i < 100; i++) {
        Exchange exchange = ask(plan);
        exchange.sent();
        exchange.failed(new GatewayError(kind, "Not the service."));
        exchange.status(kind.status());
        exchange.ended(exchange.startNanos() + 10_000_000_000L);
        filter.end(exchange);
      }
      assertThat(percentASecondLater(plan)).as("%s", kind).isEqualTo(100);
    }
    for (int i = 0; i < 100; i++) {
      Exchange exchange = ask(plan);
      exchange.sent();
      exchange.failed(new GatewayError(Kind.UPSTREAM_TIMEOUT, "The service."));
      exchange.status(504);
      exchange.ended(exchange.startNanos() + 100_000_000);
      filter.end(exchange);
    }
    assertThat(percentASecondLater(plan)).isEqualTo(70);
  }

  @Test
  void whatAnUploadOrAWaitInTheGatewayTakesIsNotTheServices() {
    Plan plan = followsItsService();
    for (long begun : new long[] {0, 950, 2000}) { // never, before the answer, after it
      for (int i = 0; i < 100; i++) {
        Exchange exchange = ask(plan);
        exchange.sent();
        if (begun > 0) {
          exchange.asked(exchange.startNanos() + begun * 1_000_000);
        }
        exchange.status(200);
        exchange.firstByteNanos(exchange.startNanos() + 1_000_000_000);
        filter.end(exchange);
      }
      assertThat(percentASecondLater(plan)).as("asked after %s ms", begun).isEqualTo(100);
    }
  }

  /** Of one request a second, after coming too early three times in ten, for half a minute on. */
  private static Plan shutsOutAfterThree() {
    TimeOut rule =
        new TimeOut(3, Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(100));
    return Policies.plan(
        Policies.named("calls")
            .of(Policies.per(1, Duration.ofSeconds(1), 1))
            .timeOut(rule)
            .build());
  }

  @Test
  void whoGoesOnAfterRefusalsIsShutOutLongerEachTimeAndWhoStopsIsForgotten() {
    Plan plan = shutsOutAfterThree();
    for (long seconds : new long[] {30, 60, 100, 100}) {
      assertThat(passes(plan, 5)).isEqualTo(1);
      time.advance(Duration.ofSeconds(2));
      Exchange shut = ask(plan);
      assertThat(shut.limits().get(0).by()).isEqualTo(By.TIME_OUT);
      assertThat(shut.limits().get(0).retryAfterNanos())
          .isEqualTo(Duration.ofSeconds(seconds - 2).toNanos());
      assertThat(limits.shutOut("calls")).isEqualTo(1);
      time.advance(Duration.ofSeconds(seconds - 2));
    }
    assertThat(passes(plan, 1)).as("time is over").isEqualTo(1);

    time.advance(Duration.ofSeconds(101));
    passes(plan, 5);
    assertThat(ask(plan).limits().get(0).retryAfterNanos())
        .as("as if for the first time")
        .isEqualTo(Duration.ofSeconds(30).toNanos());
  }

  @Test
  void whoIsRefusedNowAndThenIsNotShutOut() {
    Plan plan = shutsOutAfterThree();
    for (int i = 0; i < 20; i++) {
      assertThat(passes(plan, 4)).as("too early twice, round %s", i).isEqualTo(1);
      time.advance(Duration.ofSeconds(11));
    }
  }

  private static Plan shutsOutAfterTwenty() {
    TimeOut rule =
        new TimeOut(20, Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofHours(1));
    return Policies.plan(Policies.named("calls").of(perMinute(100)).timeOut(rule).build());
  }

  @Test
  void whoWaitsAsLongAsItIsToldIsNeverShutOut() {
    Plan plan = shutsOutAfterTwenty();
    long end = time.nanos() + Duration.ofMinutes(10).toNanos();
    int refused = 0;
    while (time.nanos() < end) {
      Exchange exchange = Exchanges.on(plan).user("alice").at(time.nanos()).live();
      Outcome outcome = Outcome.of(filter, exchange);
      if (!outcome.proceeded()) {
        refused++;
        assertThat(exchange.limits().get(0).by()).as("refusal %s", refused).isEqualTo(By.LOCAL);
        time.advance(Duration.ofSeconds(outcome.error().retryAfterSeconds()));
      }
    }
    assertThat(refused).as("as it asks for all it can get").isGreaterThan(500);
  }

  @Test
  void theRefusalThatStartsATimeOutNamesIt() {
    Plan plan = shutsOutAfterTwenty();
    passes(plan, 100);
    for (int i = 0; i < 20; i++) {
      Exchange exchange = ask(plan);
      assertThat(exchange.limits().get(0).by()).as("refusal %s", i).isEqualTo(By.LOCAL);
      assertThat(limits.shutOut("calls")).as("who is told the bucket's wait").isZero();
      time.advance(Duration.ofMillis(10));
    }

    Outcome starting = Outcome.of(filter, Exchanges.on(plan).user("alice").live());

    assertThat(starting.error().retryAfterSeconds()).isEqualTo(60);
    assertThat(starting.error().detail()).startsWith("Shut out");
    time.advance(Duration.ofSeconds(60));
    assertThat(passes(plan, 1)).as("told the truth").isEqualTo(1);
  }

  @Test
  void theServiceSaysAfterwardsWhatARequestHasCost() {
    Plan plan =
        Policies.plan(
            Policies.named("calls")
                .of(perMinute(100))
                .cost(new Cost(5, Map.of(), 0, "X-Cost"))
                .build());
    for (String[] saidAndLeft :
        new String[][] {{"20", "80"}, {"0", "80"}, {"5", "75"}, {"many", "70"}, {"500", "0"}}) {
      Exchange exchange = ask(plan);
      var headers = HttpHeaders.headers().add("X-Cost", saidAndLeft[0]);

      filter.response(exchange, new Reply.Proxied(200, headers));

      Exchange looking = Exchanges.on(plan).user("alice").explained();
      Outcome.of(filter, looking);
      assertThat(looking.limits().get(0).remaining())
          .as(saidAndLeft[0])
          .isEqualTo(Long.parseLong(saidAndLeft[1]));
    }
  }

  @Test
  void whatIsToldToBeLeftIsWithoutWhatTheServiceSaysThatTheRequestHasCost() {
    Plan plan =
        Policies.plan(
            Policies.named("calls")
                .of(perMinute(60))
                .cost(new Cost(2, Map.of(), 0, "X-Cost"))
                .build());
    for (String[] saidAndTold :
        new String[][] {{"2", "r=58;t=2"}, {"20", "r=38;t=22"}, {"0", "r=36;t=24"}}) {
      Exchange exchange = ask(plan);
      var headers = HttpHeaders.headers().add("X-Cost", saidAndTold[0]);

      filter.response(exchange, new Reply.Proxied(200, headers));

      assertThat(headers.get("RateLimit")).isEqualTo("\"calls\";" + saidAndTold[1]);
    }
  }
}
