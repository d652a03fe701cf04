package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Follow;
import app.avalo.gateway.config.LimitConfig.Season;
import app.avalo.gateway.filter.time.Ticker;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How much of its rates a policy grants now, in percent: by its timetable, and by how the services
 * behind it fare. It is worked out by the first request of each second. Safe from every thread.
 *
 * <p>The second part falls fast and rises slowly, as congestion control does (RFC 5681, 3.1): three
 * tenths less for a second in which a target was missed, two hundredths more for one in which not.
 */
final class Pace {
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final int FEW = 10; // answers that prove nothing
  private static final int SLOW = 20; // one in so many may be
  private static final int FULL = 100;

  private final Ticker ticker;
  private final AtomicLong dueNanos;
  private final LongAdder answers = new LongAdder();
  private final LongAdder late = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private volatile int health = FULL; // whoever works it out
  private volatile int percent = FULL; // likewise

  Pace(Ticker ticker) {
    this.ticker = ticker;
    this.dueNanos = new AtomicLong(ticker.nanos());
  }

  /** What it was worked out to last. */
  int percent() {
    return percent;
  }

  int percent(LimitConfig policy) {
    long now = ticker.nanos();
    long due = dueNanos.get();
    if (now - due >= 0 && dueNanos.compareAndSet(due, now + SECOND_NANOS)) {
      Follow follow = policy.follow();
      health = follow == null ? FULL : next(follow, 1 + (now - due) / SECOND_NANOS);
      percent = Math.max(1, season(policy) * health / FULL);
    }
    return percent;
  }

  private int season(LimitConfig policy) {
    if (policy.schedule().isEmpty()) {
      return FULL;
    }
    OffsetDateTime now = Instant.ofEpochMilli(ticker.epochMillis()).atOffset(ZoneOffset.UTC);
    for (Season season : policy.schedule()) {
      if (season.when().include(now)) {
        return season.percent();
      }
    }
    return FULL;
  }

  private int next(Follow follow, long seconds) {
    long all = answers.sumThenReset();
    long slow = late.sumThenReset();
    long wrong = failed.sumThenReset();
    boolean missed = all >= FEW && (slow * SLOW > all || wrong > follow.errors() * all);
    return missed
        ? Math.max(follow.leastPercent(), health * 7 / 10)
        : (int) Math.min(FULL, health + 2 * seconds);
  }

  /**
   * A service has answered a request that the policy let through, or has failed to.
   *
   * @param nanos until its answer began
   */
  void answered(Follow follow, long nanos, boolean wrong) {
    answers.increment();
    if (follow.latency() != null && nanos > follow.latency().toNanos()) {
      late.increment();
    }
    if (wrong) {
      failed.increment();
    }
  }
}
