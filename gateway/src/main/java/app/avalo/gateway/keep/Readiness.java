package app.avalo.gateway.keep;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.probe.Prober;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Whether the services of a region say that they can take more users: asked while somebody wants to
 * know, once a second at most, and believed until the next answer. Control loop only.
 */
final class Readiness {
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** After which an answer is worth nothing. */
  private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Prober prober;
  private final Ticker ticker;
  private final Map<Integer, Asked> regions = new HashMap<>();

  /** What is known of one region. */
  private static final class Asked {
    boolean ready;
    long nanos;
    int open; // questions that are not answered
    boolean good; // all answers to the questions under way, so far
  }

  Readiness(Prober prober, Ticker ticker) {
    this.prober = prober;
    this.ticker = ticker;
  }

  /**
   * Whether all said yes the last time; asks them again when that is a while ago.
   *
   * @param targets whom to ask; nobody is always ready
   */
  boolean isReady(int region, List<Prober.Target> targets) {
    if (targets.isEmpty()) {
      return true;
    }
    long nowNanos = ticker.nanos();
    Asked asked = regions.computeIfAbsent(region, first -> new Asked());
    boolean fresh = asked.ready && nowNanos - asked.nanos < STALE_NANOS;
    if (asked.open == 0 && (asked.nanos == 0 || nowNanos - asked.nanos >= FRESH_NANOS)) {
      ask(asked, targets, nowNanos);
    }
    return fresh && asked.ready;
  }

  private void ask(Asked asked, List<Prober.Target> targets, long nowNanos) {
    asked.nanos = nowNanos;
    asked.open = targets.size();
    asked.good = true;
    for (Prober.Target target : targets) {
      prober.probe(
          target,
          result -> {
            asked.good &= result.ok();
            if (--asked.open == 0) {
              asked.ready = asked.good;
            }
          });
    }
  }
}
