package app.avalo.gateway.filter.budget.pace;

import static app.avalo.gateway.filter.budget.pace.WeekProfile.HOUR_MILLIS;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Mode;
import app.avalo.gateway.filter.time.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Spreads what is left of a budget over what is left of its period. Learns by the hour what floors,
 * critical and other services ask for, and says which share of it can be paid for, so that shares
 * stay even until the end instead of falling to nothing before it.
 *
 * <p>Confined to its account.
 */
public final class Pacer {
  private static final Standing[] STANDINGS = Standing.values();

  /** Of a normal distribution, nine of ten are below this many deviations. */
  private static final double NINE_OF_TEN = 1.2816;

  /** Deviations beyond which an hour is strange. */
  private static final double STRANGE = 6;

  private static final int EXPERIENCED = 24;

  /** Hours in which nobody asked that are learned at once; a week is all there is to learn. */
  private static final int MOST_SILENT = WeekProfile.HOURS;

  private final DemandForecast[] demand = {
    new DemandForecast(), new DemandForecast(), new DemandForecast()
  };

  /** By which the wall clock may part from time as it passes, beside a thousandth of that. */
  private static final long LEAP_MILLIS = 60_000;

  private final Diary diary;
  private final Ticker ticker;
  private long wallMillis; // when somebody looked last
  private long passedNanos; // likewise
  private long hour = -1; // since 1970, the one under way
  private long hours; // learned
  private long strangeHour; // milliseconds since 1970
  private boolean whole; // whether it was seen from its beginning
  private @Nullable Tally since; // as the hour began; null when it began with the period

  /** Remembers what was learned, for the next process. */
  @FunctionalInterface
  public interface Diary {
    /**
     * An hour is over.
     *
     * @param hour since 1970
     * @param micros asked for in it, refused requests included
     */
    void learned(long hour, Standing standing, long micros);
  }

  public Pacer(Diary diary, Ticker ticker) {
    this.diary = diary;
    this.ticker = ticker;
    hasLeapt();
  }

  /** Learns an hour from a diary; hours must come in their order. */
  public void remember(long at, Standing standing, long micros) {
    demand[standing.ordinal()].learn(at, micros);
    hours += standing == Standing.OTHER && isAsked() ? 1 : 0;
  }

  /** Learns from the hours that are over. */
  public void observe(long nowMillis, Tally now) {
    long at = Math.floorDiv(nowMillis, HOUR_MILLIS);
    if (hasLeapt()) {
      at = Math.floorDiv(wallMillis, HOUR_MILLIS);
      whole = false;
      since = now;
    } else if (hour < 0) {
      since = now;
    } else if (at > hour) {
      if (whole) {
        learn(now);
        silent(at);
      }
      whole = true;
      since = now;
    } else {
      return;
    }
    hour = at;
  }

  /**
   * Whether the wall clock was set since the last look. Then the hour under way was not seen as a
   * whole, and those between were not silent: nobody lived through them.
   */
  private boolean hasLeapt() {
    long wall = ticker.epochMillis();
    long nanos = ticker.nanos();
    long passed = (nanos - passedNanos) / 1_000_000;
    long leap = Math.abs(wall - wallMillis - passed);
    wallMillis = wall;
    passedNanos = nanos;
    return leap > LEAP_MILLIS + passed / 1000;
  }

  private boolean isAsked() {
    return demand[0].isAsked() || demand[1].isAsked() || demand[2].isAsked();
  }

  /** Whether a day was seen, so that what is said of the future is worth telling. */
  public boolean experienced() {
    return hours >= EXPERIENCED;
  }

  /** The share of a period's demand that falls before now, as the week usually goes; 0 to 1. */
  private double course(long startMillis, long nowMillis, long endMillis) {
    double before = 0;
    double all = 0;
    for (DemandForecast each : demand) {
      before += each.between(startMillis, nowMillis);
      all += each.between(startMillis, endMillis);
    }
    return all == 0 ? (double) (nowMillis - startMillis) / (endMillis - startMillis) : before / all;
  }

  /** When the last hour began that asked for far more than expected, or 0. */
  public long strangeHour() {
    return strangeHour;
  }

  /**
   * Nobody asked between the hour under way and this one, or somebody would have looked; after more
   * than a week nobody knows whether anybody could.
   */
  private void silent(long until) {
    for (long silent = Math.max(hour + 1, until - MOST_SILENT); silent < until; silent++) {
      for (Standing standing : STANDINGS) {
        remember(silent, standing, 0);
        diary.learned(silent, standing, 0);
      }
    }
  }

  /**
   * Another period begins with nothing.
   *
   * @param millis when this one ended; before its time if a reload changed it, and then the hour
   *     under way is not learned, which belongs to both
   * @param last what it came to
   */
  public void turn(long millis, Tally last) {
    observe(millis, last);
    since = null;
    whole &= millis % HOUR_MILLIS == 0;
  }

  private void learn(Tally now) {
    double expected = 0;
    double variance = 0;
    double came = 0;
    for (Standing standing : STANDINGS) {
      int i = standing.ordinal();
      double asked = now.asked()[i] - (since == null ? 0 : since.asked()[i]);
      double admitted = now.admitted()[i] - (since == null ? 0 : since.admitted()[i]);
      double spent = now.spent()[i] - (since == null ? 0 : since.spent()[i]);
      // When all were refused, nobody knows what they would have cost.
      if (asked == 0 || admitted > 0) {
        long micros = Math.round(Math.max(0, asked == 0 ? spent : spent * asked / admitted));
        expected += demand[i].between(hour * HOUR_MILLIS, (hour + 1) * HOUR_MILLIS);
        double stray = demand[i].ofAnHour(hour);
        variance += stray * stray;
        came += micros;
        remember(hour, standing, micros);
        diary.learned(hour, standing, micros);
      }
    }
    boolean strange = came > 2 * expected && came > expected + STRANGE * Math.sqrt(variance);
    if (strange && experienced()) {
      strangeHour = hour * HOUR_MILLIS;
    }
  }

  /**
   * Which share of requests passes until the next call.
   *
   * @param startMillis of the period
   * @param endMillis of the period
   */
  public Shares shares(
      BudgetConfig budget, long startMillis, long nowMillis, long endMillis, Tally now) {
    double amount = now.amount();
    double spent = now.total();
    double floors = need(Standing.FLOOR, startMillis, nowMillis, endMillis, now);
    double critical = need(Standing.CRITICAL, startMillis, nowMillis, endMillis, now);
    double other = need(Standing.OTHER, startMillis, nowMillis, endMillis, now);
    double left = amount - spent - floors;
    if (budget.mode() == Mode.PACED) {
      return critical + other <= left
          ? Shares.ALL
          : new Shares(part(left, critical), part(left - critical, other));
    }
    boolean slowed = spent >= budget.throttleAt() * amount;
    boolean scarce = spent >= budget.criticalAt() * amount;
    // Others live on what lies below the critical mark; the critical get there as well.
    double below =
        left
            - critical
            - (budget.throttleAt() < budget.criticalAt() ? (1 - budget.criticalAt()) * amount : 0);
    return new Shares(scarce ? part(left, critical) : 1, slowed ? part(below, other) : 1);
  }

  private static double part(double money, double need) {
    if (money <= 0) {
      return 0;
    }
    return money >= need ? 1 : money / need;
  }

  /** What will be asked for between now and a moment of the period. */
  private double need(Standing standing, long start, long now, long until, Tally tally) {
    DemandForecast forecast = demand[standing.ordinal()];
    if (forecast.isAsked()) {
      return forecast.between(now, until);
    }
    // The first hour: it goes on as it has gone so far.
    double gone = Math.max(HOUR_MILLIS, now - start);
    return tally.spent()[standing.ordinal()] * (until - now) / gone;
  }

  /** What the period will come to if nobody is slowed from now on. */
  public Forecast forecast(long startMillis, long nowMillis, long endMillis, Tally now) {
    double ahead = 0;
    double variance = 0;
    for (Standing standing : STANDINGS) {
      ahead += need(standing, startMillis, nowMillis, endMillis, now);
      double deviation = demand[standing.ordinal()].deviation(nowMillis, endMillis);
      variance += deviation * deviation;
    }
    double end = now.total() + ahead;
    double stray = NINE_OF_TEN * Math.sqrt(variance);
    double hours = Math.max(1, (double) (endMillis - nowMillis) / HOUR_MILLIS);
    return new Forecast(
        Math.round(end),
        Math.round(Math.max(now.total(), end - stray)),
        Math.round(end + stray),
        end < now.amount() ? 0 : exhausted(startMillis, nowMillis, endMillis, now),
        Math.round(ahead / hours),
        course(startMillis, nowMillis, endMillis));
  }

  /** The moment at which the amount is spent, by halving the time to the end. */
  private long exhausted(long start, long now, long end, Tally tally) {
    long from = now;
    long to = end;
    while (to - from > 60_000) {
      long middle = from + (to - from) / 2;
      double spent = tally.total();
      for (Standing standing : STANDINGS) {
        spent += need(standing, start, now, middle, tally);
      }
      if (spent < tally.amount()) {
        from = middle;
      } else {
        to = middle;
      }
    }
    return to;
  }
}
