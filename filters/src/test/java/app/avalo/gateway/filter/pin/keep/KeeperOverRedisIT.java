package app.avalo.gateway.filter.pin.keep;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.RedisMapStore;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Three keepers agree through a real Redis, which is also killed with all it knew. */
class KeeperOverRedisIT {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long USER = 42;

  private final List<Gateway> gateways = new ArrayList<>();
  private RedisServer server;
  private Loop loop;

  /** A gateway whose eyes the test governs; everything on the loop. */
  private static final class Gateway implements CalmOutlook {
    private final Keeper keeper;
    private final Timers timers;
    private Set<Integer> dead = Set.of();
    private int beats;

    Gateway(String name, RedisLink link, Timers timers) {
      this.timers = timers;
      this.keeper =
          Keeper.of(
              name, new RedisMapStore(link, "t", "wallet"), this, Ticker.SYSTEM, Runnable::run);
      beat();
    }

    private void beat() {
      beats++;
      keeper.beat();
      timers.after(Duration.ofMillis(keeper.restless() ? 50 : 250), this::beat);
    }

    Owner owner() {
      return keeper.view().map().owner(0, USER, USER);
    }

    boolean writes() {
      return keeper.view().mayWrite(owner(), Ticker.SYSTEM.nanos());
    }

    @Override
    public Set<Integer> suspects() {
      return dead;
    }

    @Override
    public Set<Integer> convicts() {
      return dead;
    }
  }

  @BeforeEach
  void start() {
    server = RedisServer.start();
    loop = new Loop();
    RedisLink link =
        loop.get(
            () ->
                RedisLink.connect(
                    loop.vertx(), server.config(Duration.ofMillis(500), "x"), Ticker.SYSTEM));
    loop.until(PATIENCE, link::isUp);
    loop.get(
        () -> {
          for (int i = 0; i < 3; i++) {
            gateways.add(new Gateway("g" + i, link, Timers.of(loop.vertx())));
          }
          return true;
        });
    untilAll(Gateway::writes);
  }

  @AfterEach
  void stop() {
    loop.close();
    server.close();
  }

  private void untilAll(Predicate<Gateway> condition) {
    loop.until(PATIENCE, () -> gateways.stream().allMatch(condition));
  }

  private void dies(int region, int witnesses) {
    loop.get(
        () -> {
          gateways.subList(0, witnesses).forEach(gateway -> gateway.dead = Set.of(region));
          return true;
        });
  }

  @Test
  void everybodyWritesElsewhereWithinASecondAndAHalfOfTheQuorumsVerdict() {
    long began = Ticker.SYSTEM.nanos();
    dies(0, 2);

    untilAll(gateway -> gateway.owner().region() != 0 && gateway.writes());

    assertThat(Duration.ofNanos(Ticker.SYSTEM.nanos() - began)).isLessThan(Duration.ofMillis(1500));
    assertThat(gateways).extracting(gateway -> gateway.owner().epoch()).containsOnly(ownEpoch());
  }

  private long ownEpoch() {
    return gateways.get(0).owner().epoch();
  }

  @Test
  void oneGatewayCutOffFromARegionMovesNobody() {
    dies(0, 1);
    int before = loop.get(() -> gateways.get(0).beats);

    loop.until(PATIENCE, () -> gateways.get(0).beats > before + 60);

    assertThat(gateways).allMatch(gateway -> gateway.owner().region() == 0);
    untilAll(Gateway::writes);
  }

  @Test
  void movesThatRedisLostAreRememberedAndGetAHigherEpoch() {
    dies(0, 3);
    untilAll(gateway -> gateway.owner().region() != 0 && gateway.writes());
    Owner before = gateways.get(0).owner();

    server.kill();
    untilAll(gateway -> !gateway.writes());
    server.restart();

    untilAll(Gateway::writes);
    assertThat(gateways).allMatch(gateway -> gateway.owner().region() == before.region());
    assertThat(gateways).allMatch(gateway -> gateway.owner().epoch() > before.epoch());
  }
}
