package app.avalo.gateway.keep;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.pin.cell.LocalMapStore;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.Standing;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a gateway says of regions when all gateways vote. */
class RegionsSeenTest {
  private static final int EU = 0;

  private final VirtualTime time = new VirtualTime();
  private final OneRegion health = new OneRegion();
  private RegionsSeen seen;

  /** Health of which every region is as the test says. */
  private static final class OneRegion implements Health {
    Standing standing = Standing.IN_SERVICE;
    boolean lost;
    boolean doubt;

    @Override
    public Standing standing(Region region) {
      return standing;
    }

    @Override
    public Standing standing(Region region, Service service) {
      return standing;
    }

    @Override
    public boolean isLost(Region region, Service service) {
      return lost;
    }

    @Override
    public long goneSinceNanos(Region region, Service service, long nowNanos) {
      return nowNanos;
    }

    @Override
    public boolean inDoubt() {
      return doubt;
    }

    @Override
    public EndpointHealth endpoint(Region region, Service service, Endpoint endpoint) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void onChange(ChangeListener listener) {}

    @Override
    public boolean panic() {
      return false;
    }

    @Override
    public boolean probedOnce() {
      return true;
    }
  }

  @BeforeEach
  void follow() {
    Plan plan =
        Plans.minimal().service(Plans.service("chat", new Pin("chat", Contract.MOVE))).compile();
    Keepers.Control control =
        new Keepers.Control("one", Runnable::run, time, time, (target, done) -> {}, region -> {});
    GroupKeeper keeper =
        new GroupKeeper("chat", LocalMapStore.inMemory(), control, health, new Barrier());
    seen = new RegionsSeen("chat", health, new Readiness(control.prober(), time), keeper);
    seen.follow(plan);
  }

  @Test
  void aGatewayThatDoubtsItselfSuspectsNobodyUntilThatIsOver() {
    health.standing = Standing.SUSPECT;
    health.doubt = true;
    assertThat(seen.suspects()).isEmpty();

    health.doubt = false;

    assertThat(seen.suspects()).contains(EU);
  }

  @Test
  void whomItSuspectedBeforeItDoubtedItselfItStillSuspects() {
    health.standing = Standing.SUSPECT;
    assertThat(seen.suspects()).contains(EU);

    health.doubt = true;

    assertThat(seen.suspects()).contains(EU);
    health.standing = Standing.IN_SERVICE;
    assertThat(seen.suspects()).isEmpty();
    health.standing = Standing.SUSPECT;
    assertThat(seen.suspects()).as("anew").isEmpty();
  }

  /** Its own rule may keep it as the last resort; whether too many go is for the group to say. */
  @Test
  void aRegionThatIsLostIsFoundDeadThoughThePanicRuleKeepsItInUse() {
    health.standing = Standing.SUSPECT;
    health.doubt = true;
    assertThat(seen.convicts()).isEmpty();

    health.lost = true;

    assertThat(seen.convicts()).contains(EU);
    assertThat(seen.suspects()).contains(EU);
  }
}
