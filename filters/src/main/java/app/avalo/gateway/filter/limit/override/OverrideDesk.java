package app.avalo.gateway.filter.limit.override;

import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes operators' orders and keeps the view of them fresh: what another gateway was told holds
 * here two seconds later. Control loop.
 */
public final class OverrideDesk {
  private static final Logger LOG = LoggerFactory.getLogger(OverrideDesk.class);
  private static final Duration EVERY = Duration.ofSeconds(2);

  private final OverrideStore store;
  private final Overrides view;
  private final Timers timers;
  private boolean reachable = true;

  public OverrideDesk(OverrideStore store, Overrides view, Timers timers) {
    this.store = store;
    this.view = view;
    this.timers = timers;
  }

  /** Looks now, and again every two seconds. */
  public void start() {
    store.all().onComplete(this::looked);
  }

  private void looked(List<LimitOverride> all, Throwable failure) {
    if (failure == null) {
      view.replace(all);
    } else if (reachable) {
      LOG.atWarn().addKeyValue("cause", failure.toString()).log("overrides of limits are not read");
    }
    reachable = failure == null;
    timers.after(EVERY, this::start);
  }

  /** Holds here at once. Fails when it could not be kept. */
  public Future<Void> put(LimitOverride order) {
    return seen(store.put(order));
  }

  public Future<Void> remove(String policy, String subject) {
    return seen(store.remove(policy, subject));
  }

  private Future<Void> seen(Future<List<LimitOverride>> all) {
    return all.onSuccess(view::replace).mapEmpty();
  }
}
