package app.avalo.gateway.testing;

import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.region.HealthMonitor;
import app.avalo.gateway.region.Standing;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Times in which no region and no endpoint changes its standing. On a machine that stalls, a region
 * may be suspected for a moment; what is observed before and after cannot be compared then.
 */
public final class Calm implements Health.ChangeListener {
  private static final int TRIES = 50;

  private final HealthMonitor health;
  private final AtomicInteger changes = new AtomicInteger();

  /** From now on every change is noticed. */
  public Calm(HealthMonitor health) {
    this.health = health;
    health.onChange(this);
  }

  @Override
  public void changed(String region, Standing from, Standing to, String reason) {
    changes.incrementAndGet();
  }

  @Override
  public void endpointChanged(EndpointHealth at, Standing from, Standing to, String reason) {
    changes.incrementAndGet();
  }

  /** The first of some observations during which nothing changed. */
  public <T> T observe(Supplier<T> observation) {
    for (int i = 0; i < TRIES; i++) {
      int before = settled();
      T observed = observation.get();
      if (settled() == before) {
        return observed;
      }
    }
    throw new AssertionError("something changed during each of " + TRIES + " observations");
  }

  /** Changes so far; whatever failed until now has been judged. */
  private int settled() {
    RunningGateway.await(health.status());
    return changes.get();
  }
}
