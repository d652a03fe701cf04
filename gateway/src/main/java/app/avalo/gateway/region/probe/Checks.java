package app.avalo.gateway.region.probe;

import app.avalo.gateway.config.ServiceConfig.CheckTimes;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The checks of one endpoint, one after another at the pace that its state asks for. One loop. */
public final class Checks {
  private static final int OUTSTANDING = 8;

  private final Means means;
  private final Listener listener;
  private final Hearing hearing;
  private Prober.Target target;
  private Timers.@Nullable Timer next;
  private long nextNanos; // when it fires
  private int generation; // results of checks sent in an earlier one decide nothing
  private int outstanding;
  private long sentNanos = Long.MIN_VALUE / 2;
  private boolean stopped;
  private Prober.@Nullable Result last;
  private long lastEpochMillis;

  /**
   * How checks are made.
   *
   * @param doubt whether what they do not hear is to be believed
   */
  public record Means(Ticker ticker, Timers timers, Prober prober, SelfDoubt doubt) {}

  /** Whoever asked for the checks. */
  public interface Listener {
    /** From one check to the next. */
    Duration spacing();

    /**
     * A check ended.
     *
     * @param decides false if it was sent before the last {@link #discard}, or heard nothing for
     *     what may be a fault of this process
     */
    void checked(Prober.Result result, long sentNanos, boolean decides);
  }

  public Checks(Means means, Listener listener, Prober.Target target) {
    this.means = means;
    this.listener = listener;
    this.hearing = new Hearing(means.ticker(), means.doubt());
    this.target = target;
  }

  public Prober.Target target() {
    return target;
  }

  /** New times and trust for the same address and check. */
  public void target(Prober.Target target) {
    boolean other = !target.check().equals(this.target.check());
    this.target = target;
    if (other) {
      reschedule();
    }
  }

  /** The next check is sent after this delay. */
  public void in(Duration delay) {
    if (next != null) {
      next.cancel();
    }
    if (!stopped) {
      nextNanos = means.ticker().nanos() + delay.toNanos();
      next = means.timers().after(delay, this::now);
    }
  }

  /** The next check is sent after the listener's spacing, from now. */
  public void reschedule() {
    in(listener.spacing());
  }

  /** Sends a check, unless too many are under way. */
  public void now() {
    reschedule();
    if (stopped || outstanding >= OUTSTANDING) {
      return;
    }
    outstanding++;
    int sentIn = generation;
    long sentAt = means.ticker().nanos();
    sentNanos = sentAt;
    Duration timeout = hearing.patience(target.check().times().timeout());
    means.prober().probe(target.within(timeout), result -> ended(result, sentIn, sentAt));
  }

  private void ended(Prober.Result result, int sentIn, long sentAt) {
    outstanding--;
    if (!stopped) {
      last = result;
      lastEpochMillis = means.ticker().epochMillis();
      boolean excused = hear(result, sentAt);
      listener.checked(result, sentAt, sentIn == generation && !excused);
    }
  }

  /** Whether nothing was heard, for which this process may be to blame; then it is asked again. */
  private boolean hear(Prober.Result result, long sentAt) {
    if (result.ok()) {
      hearing.answered(sentAt);
    }
    if (result.outcome() != Prober.Outcome.SILENT) {
      return false;
    }
    hearing.nothing();
    CheckTimes times = target.check().times();
    boolean excused = hearing.excuses(sentAt, times.timeout());
    if (excused && nextNanos - means.ticker().nanos() > times.burstInterval().toNanos()) {
      in(times.burstInterval());
    }
    return excused;
  }

  /** Nothing was heard by other means where an answer was due. */
  public void heardNothing() {
    hearing.nothing();
  }

  /** Whether a check, or that, heard nothing just now. */
  public boolean heardNothingLately() {
    return hearing.nothingLately();
  }

  /** What is under way decides nothing any more. */
  public void discard() {
    generation++;
  }

  public void stop() {
    stopped = true;
    generation++;
    if (next != null) {
      next.cancel();
    }
  }

  /** When the last check was sent. */
  public long sentNanos() {
    return sentNanos;
  }

  /** What came of the last check, or null before the first. */
  public Prober.@Nullable Result last() {
    return last;
  }

  /** When that came, or 0. */
  public long lastEpochMillis() {
    return lastEpochMillis;
  }
}
