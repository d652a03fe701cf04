package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.Balance;
import app.avalo.gateway.config.ServiceConfig.By;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.upstream.EndpointLoad;
import app.avalo.gateway.upstream.EndpointPool;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Who of three endpoints is picked, by what is known of each. */
class BalancerTest {
  private static final long MILLI = 1_000_000L;
  private static final Duration SLOW_START = Duration.ofSeconds(10);
  private static final long WARM = SLOW_START.toNanos();

  private final Random random = new Random(3);
  private final Figures one = new Figures();
  private final Figures two = new Figures();
  private final Figures three = new Figures();

  /** An endpoint that is nothing but what the balancer looks at. */
  private static final class Figures implements EndpointPool, EndpointHealth {
    private final EndpointLoad load = new EndpointLoad();
    private Standing standing = Standing.IN_SERVICE;
    private int inFlight;

    @Override
    public EndpointLoad load() {
      return load;
    }

    @Override
    public int inFlight() {
      return inFlight;
    }

    @Override
    public Standing standing() {
      return standing;
    }

    @Override
    public void succeeded() {}

    @Override
    public void failed(Failure failure) {}

    @Override
    public void acquire(Waiter waiter, long idleNanos) {}

    @Override
    public void replace(Waiter waiter) {}

    @Override
    public void tunnel(Waiter waiter) {}

    @Override
    public void closeAll() {}

    @Override
    public void retire() {}

    @Override
    public void sweep(long idleBeforeNanos) {}

    @Override
    public int openConnections() {
      return 0;
    }
  }

  private Balancer balancer(int... weights) {
    Figures[] all = {one, two, three};
    Member[] members = new Member[weights.length];
    for (int i = 0; i < weights.length; i++) {
      all[i].load.warmth(0, WARM);
      members[i] = new Member(new Endpoint(false, "e" + i, 80, weights[i]), all[i], all[i]);
    }
    return new Balancer(members, new Balance(By.LOAD, null, SLOW_START, Map.of()));
  }

  /** The share of a thousand picks at this time that went to an endpoint. */
  private double share(Balancer balancer, Figures of, long nowNanos) {
    int picked = 0;
    for (int i = 0; i < 1000; i++) {
      picked += balancer.byLoad(null, random.nextInt(), nowNanos).pool() == of ? 1 : 0;
    }
    return picked / 1000.0;
  }

  @Test
  void equals_get_their_weight() {
    assertThat(share(balancer(1, 3), two, WARM)).isBetween(0.7, 0.8);
  }

  @Test
  void who_answers_sooner_or_has_less_to_do_gets_more() {
    Balancer balancer = balancer(1, 1, 1);
    one.load.took(10 * MILLI, WARM);
    two.load.took(10 * MILLI, WARM);
    three.load.took(40 * MILLI, WARM);
    assertThat(share(balancer, three, WARM)).isBetween(0.06, 0.16);
    one.inFlight = 9;
    two.inFlight = 9;
    assertThat(share(balancer, three, WARM)).isBetween(0.45, 0.65);
  }

  @Test
  void one_that_returns_begins_with_a_tenth_and_has_its_share_after_the_slow_start() {
    Balancer balancer = balancer(1, 1);
    two.load.lost();
    assertThat(share(balancer, two, WARM)).isBetween(0.01, 0.15);
    assertThat(share(balancer, two, WARM + WARM / 2)).isBetween(0.15, 0.4);
    assertThat(share(balancer, two, 2 * WARM)).isBetween(0.4, 0.6);
  }

  @Test
  void one_that_failed_or_is_suspected_is_picked_only_without_another() {
    Balancer balancer = balancer(1, 1, 1);
    one.standing = Standing.SUSPECT;
    assertThat(share(balancer, one, WARM)).isZero();
    two.standing = Standing.OUT;
    three.standing = Standing.OUT;
    assertThat(share(balancer, one, WARM)).isEqualTo(1);
    Member first = balancer.byKey(null, 7);
    assertThat(first.pool()).isSameAs(one);
    assertThat(balancer.byKey(first, 7).pool()).isNotSameAs(one);
  }

  @Test
  void by_load_too_the_one_that_failed_is_left_to_others_however_slow_they_are() {
    Balancer balancer = balancer(1, 1, 1);
    two.inFlight = 50;
    three.inFlight = 50;
    Member failed = balancer.byLoad(null, 0, WARM);
    for (int i = 0; failed.pool() != one && i < 1000; i++) {
      failed = balancer.byLoad(null, random.nextInt(), WARM);
    }
    assertThat(failed.pool()).isSameAs(one);
    for (int i = 0; i < 1000; i++) {
      assertThat(balancer.byLoad(failed, random.nextInt(), WARM)).isNotSameAs(failed);
    }
  }

  @Test
  void keys_are_spread_by_weight_and_leave_an_endpoint_that_has_too_much() {
    Balancer balancer = balancer(1, 1, 2);
    Map<EndpointPool, Integer> keys = new HashMap<>();
    for (long key = 0; key < 4000; key++) {
      keys.merge(balancer.byKey(null, Affinity.mix(key)).pool(), 1, Integer::sum);
    }
    assertThat(keys.get(one)).isBetween(900, 1100);
    assertThat(keys.get(three)).isBetween(1850, 2150);
    three.inFlight = 100;
    for (long key = 0; key < 100; key++) {
      assertThat(balancer.byKey(null, Affinity.mix(key)).pool()).isNotSameAs(three);
    }
  }
}
