package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.per;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Event;
import app.avalo.gateway.config.LimitConfig.Follow;
import app.avalo.gateway.config.LimitConfig.Season;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Limits in Redis that change keep the share to which they were full, leased ones as well. */
class ChangingLeasesIT {
  private static final Duration DAY = Duration.ofDays(1);

  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private final RedisLink link = loop.link(server);
  private final VirtualTime time = new VirtualTime(0);
  private final Limits limits = new Limits(time, 1);
  private final LimitFilter filter = loop.get(() -> new LimitFilter(limits, link, "t"));
  private final OtherRates orders = new OtherRates(limits);

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  private static Policies leased() {
    return Policies.named("calls").leased().of(per(100, DAY, 100));
  }

  private int passes(LimitConfig policy, int requests) {
    Plan plan = Policies.plan(policy);
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      Exchange exchange = Exchanges.on(plan).user("alice").at(time.nanos()).live();
      passed += loop.await(() -> SharedLimitsIT.ask(filter, exchange)) == null ? 1 : 0;
      exchange.sent();
      exchange.status(503);
      exchange.firstByteNanos(exchange.startNanos());
      loop.get(
          () -> {
            filter.end(exchange);
            return true;
          });
    }
    return passed;
  }

  private long remaining(LimitConfig policy) {
    LimitAdmin admin = new LimitAdmin(limits, link, "t", null);
    return loop.await(() -> admin.peek(policy, "u=alice")).get(0).remaining();
  }

  @Test
  void aReloadKeepsTheShareToWhichALeasedBucketWasFull() {
    assertThat(passes(leased().build(), 45)).isEqualTo(45);

    LimitConfig tighter = leased().of(per(50, DAY, 50)).build();

    assertThat(remaining(tighter)).as("half of 50 less what may be lent").isEqualTo(22);
    assertThat(passes(tighter, 30)).isEqualTo(22);
  }

  @Test
  void aSeasonKeepsIt() {
    Event event =
        new Event(
            Instant.ofEpochSecond(1).atOffset(ZoneOffset.UTC),
            Instant.ofEpochSecond(11).atOffset(ZoneOffset.UTC));
    LimitConfig policy = leased().schedule(new Season(event, 200)).build();
    assertThat(passes(policy, 45)).isEqualTo(45);

    time.advance(Duration.ofSeconds(2));
    assertThat(passes(policy, 1)).isEqualTo(1);
    assertThat(remaining(policy)).as("half of 200 less what may be lent, less one").isEqualTo(89);
    time.advance(Duration.ofSeconds(10));
    assertThat(passes(policy, 1)).isEqualTo(1);

    assertThat(remaining(policy)).as("89 of 180 are 44 of 90").isEqualTo(43);
  }

  @Test
  void aServiceThatFailsLeavesItAsFullAndSmaller() {
    LimitConfig policy = leased().follow(new Follow(null, 0.05, 40)).build();
    assertThat(passes(policy, 45)).isEqualTo(45);
    time.advance(Duration.ofSeconds(1));

    assertThat(passes(policy, 1)).isEqualTo(1);

    assertThat(limits.percent("calls")).isEqualTo(70);
    assertThat(remaining(policy)).as("half of 70 less 7, less one").isEqualTo(30);
  }

  @Test
  void otherRatesBeginAndEndAsFull() {
    for (Policies kind : new Policies[] {leased(), Policies.named("calls").of(per(90, DAY, 90))}) {
      LimitConfig policy = kind.build();
      loop.await(() -> new LimitAdmin(limits, link, "t", null).reset(policy, "u=alice"));
      assertThat(passes(policy, 45)).isEqualTo(45);

      orders.give("u=alice", "1000/d", 60_000);
      assertThat(passes(policy, 50)).isEqualTo(50);
      long left = remaining(policy);
      orders.end("u=alice");

      assertThat(left)
          .as("half, less 50")
          .isEqualTo(policy.mode() == LimitConfig.Mode.LEASED ? 400 : 450);
      assertThat(passes(policy, 1)).isEqualTo(1);
      assertThat(remaining(policy)).as("40 of 90, or a little more, less one").isEqualTo(39);
    }
  }
}
