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

  /** Of one request a second, after three refusals within ten for half a minute and longer. */
  private static Plan shutsOutAfterThreeRefusals() {
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
    Plan plan = shutsOutAfterThreeRefusals();
    for (long seconds : new long[] {30, 60, 100, 100}) {
      assertThat(passes(plan, 4)).isEqualTo(1);
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
    passes(plan, 4);
    assertThat(ask(plan).limits().get(0).retryAfterNanos())
        .as("as if for the first time")
        .isEqualTo(Duration.ofSeconds(30).toNanos());
  }

  @Test
  void whoIsRefusedNowAndThenIsNotShutOut() {
    Plan plan = shutsOutAfterThreeRefusals();
    for (int i = 0; i < 20; i++) {
      assertThat(passes(plan, 3)).as("two refusals, round %s", i).isEqualTo(1);
      time.advance(Duration.ofSeconds(11));
    }
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
}
