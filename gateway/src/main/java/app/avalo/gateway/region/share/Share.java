package app.avalo.gateway.region.share;

import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The share of callers that a region may take, in 1024ths. Who is inside does not change while the
 * share does not, and a smaller share is part of a larger one: nobody moves twice on one way.
 *
 * <ul>
 *   <li>Back after it was out: 500 callers on trial, or 1/16 where nobody knows how many there are;
 *       doubled every two seconds in which the region neither fails nor is slow, so it gets what it
 *       has shown to carry.
 *   <li>Slow: halved, and again every ten seconds, down to an eighth; slow is not dead.
 *   <li>Drained by an operator: so many users less at each step, down to none.
 * </ul>
 */
public final class Share {
  public static final int ALL = 1024;

  /** Callers that a region gets first after a return. */
  static final int TRIAL_USERS = 500;

  /** The same where it had none before that this process saw. */
  static final int TRIAL = ALL / 16;

  /** What a slow region keeps. */
  static final int SLOW_FLOOR = ALL / 8;

  static final Duration STEP = Duration.ofSeconds(2);
  static final Duration SLOW_STEP = Duration.ofSeconds(10);
  static final Duration CALLERS_SPAN = Duration.ofMinutes(5);

  private final int salt;
  private final Ticker ticker;
  private final Callers callers = new Callers();
  private volatile int now = ALL; // control loop
  private int ramp = ALL;
  private long nextStepNanos;
  private Duration step = STEP;
  private int usersBefore; // when it was lost
  private long rollNanos;
  private @Nullable Drain drain;

  /** All callers. */
  public Share(String region, Ticker ticker) {
    this.salt = region.hashCode();
    this.ticker = ticker;
    this.nextStepNanos = ticker.nanos();
    this.rollNanos = ticker.nanos() + CALLERS_SPAN.toNanos();
  }

  /** How many of 1024 callers; any loop. */
  public int now() {
    return now;
  }

  /**
   * Whether this caller is inside. Any loop.
   *
   * @param caller the same number for the same caller; need not be evenly distributed
   */
  public boolean admits(int caller) {
    return (mix(caller ^ salt) & ALL - 1) < now;
  }

  /** Counts this caller as the region's user if it is inside. Any loop. */
  public void taken(int caller) {
    int hash = mix(caller ^ salt);
    if ((hash & ALL - 1) < now) {
      callers.add(hash * 0x9E3779B1);
    }
  }

  /** Whether this caller is inside a region's larger share, and not inside the smaller one. */
  public static boolean leaves(String region, int caller, int before, int now) {
    int place = mix(caller ^ region.hashCode()) & ALL - 1;
    return place < before && place >= now;
  }

  /** The finalizer of MurmurHash3 (Appleby): each bit of the input moves half of the output. */
  private static int mix(int bits) {
    int x = bits;
    x = (x ^ x >>> 16) * 0x85EBCA6B;
    x = (x ^ x >>> 13) * 0xC2B2AE35;
    return x ^ x >>> 16;
  }

  /** Different callers inside in the last five to ten minutes, estimated. */
  public int users() {
    return callers.estimate();
  }

  /** The region is out. */
  public void lost() {
    usersBefore = Math.max(users(), now == ALL ? 0 : usersBefore);
  }

  /** The region is back, on trial. */
  public void returned() {
    long trial =
        usersBefore == 0 ? TRIAL : (long) TRIAL_USERS * ALL / Math.max(TRIAL_USERS, usersBefore);
    ramp = (int) Math.max(1, trial);
    step = STEP;
    nextStepNanos = ticker.nanos() + step.toNanos();
    publish();
  }

  /** An operator trusts it with everybody. */
  public void full() {
    ramp = ALL;
    drain = null;
    publish();
  }

  /**
   * Begins to send users away.
   *
   * @param from the share that is in use; 0 where the region is out, so that there is nobody to
   *     send
   */
  public void drain(int usersPerStep, Duration pause, int from) {
    drain = new Drain(users(), usersPerStep, pause, from, ticker.nanos());
    publish();
  }

  /** Ends a drain where it is; who left comes back as after a return. */
  public void stopDrain() {
    if (drain != null) {
      ramp = Math.max(1, now);
      drain = null;
      nextStepNanos = ticker.nanos() + step.toNanos();
      publish();
    }
  }

  /** Whether a drain has sent everybody away. */
  public boolean isDrained() {
    return drain != null && drain.left() == 0;
  }

  /** Whether users are on their way out. */
  public boolean isDraining() {
    return drain != null && drain.left() > 0;
  }

  /** Users that one step of the drain sends away; null without a drain. */
  public @Nullable Integer drainUsersPerStep() {
    return drain == null ? null : drain.usersPerStep();
  }

  /**
   * Takes the steps that are due.
   *
   * @param steady whether the region is in service without a doubt
   * @param slow whether it answers far slower than it used to
   */
  public void tick(boolean steady, boolean slow) {
    long at = ticker.nanos();
    if (at - rollNanos >= 0) {
      callers.roll();
      rollNanos = at + CALLERS_SPAN.toNanos();
    }
    if (at - nextStepNanos >= 0) {
      if (slow) {
        ramp = Math.min(ramp, Math.max(SLOW_FLOOR, ramp / 2));
        step = SLOW_STEP;
        nextStepNanos = at + step.toNanos();
      } else if (ramp < ALL && steady) {
        ramp = Math.min(ALL, ramp * 2);
        nextStepNanos = at + step.toNanos();
      }
    }
    if (drain != null) {
      drain.tick(at);
    }
    publish();
  }

  private void publish() {
    int next = drain == null ? ramp : Math.min(ramp, drain.left());
    if (next != now) {
      now = next;
    }
  }
}
