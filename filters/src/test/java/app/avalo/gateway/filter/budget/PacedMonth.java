package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Mode;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.journal.Journal;
import app.avalo.gateway.filter.budget.pace.Forecast;
import app.avalo.gateway.filter.budget.view.BudgetListener;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * A month of demand against a budget of the production ledger in virtual time: 40 % of it critical,
 * with days, nights, weekends and noise (sigma 0.25 by the hour), after a month at nine tenths of
 * the budget from which the week is learned. {@code main} prints the table of several seeds and
 * judges the worst of them.
 */
final class PacedMonth {
  private static final int HOURS = 720;
  private static final double NOISE = 0.25;

  /** November 2026; October comes before it. */
  private static final long START = 1_793_491_200_000L;

  private final ServiceConfig chat = BudgetSample.service("chat", Priority.CRITICAL);
  private final ServiceConfig ai = BudgetSample.service("ai", Priority.NORMAL);
  private final VirtualTime time = new VirtualTime(START - Duration.ofDays(28).toMillis());
  private final BudgetLedger ledger = BudgetLedger.alone(time, Journal.NONE, this::told);
  private final BudgetConfig budget;
  private final SplittableRandom random;
  private final double perHour;
  private final int steps;
  private double asked;
  private double askedCritical;
  private double served;
  private double servedCritical;
  private int dark;
  private double worstForecast;
  private double worstOfSpent;
  private double inBand;
  private final List<Integer> anomalies = new ArrayList<>();

  /**
   * What came of it, shares from 0 to 1.
   *
   * @param critical served of what critical services asked for
   * @param other served of what the others asked for
   * @param dark hours in which less than a fifth of critical demand was served
   * @param forecast worst error, on any day from the tenth on, of what the month would come to if
   *     nobody were slowed: of the forecast and what was refused before it, by all that was asked
   *     for
   * @param forecastOfSpent likewise of the forecast alone, by what was spent; so it says how good
   *     the forecast is where hardly anybody is slowed, and how much slowing saved elsewhere
   * @param spent of the amount
   * @param inBand share of those days on which the month's end was within the forecast's band
   * @param anomalies days of the month on which one was told
   */
  record Outcome(
      double critical,
      double other,
      int dark,
      double forecast,
      double forecastOfSpent,
      double spent,
      double inBand,
      List<Integer> anomalies) {}

  private PacedMonth(Mode mode, double amount, int steps, long seed) {
    this.steps = steps;
    long micros = Math.round(amount);
    budget =
        mode == Mode.PACED
            ? BudgetSample.paced("ai", micros, BudgetSample.byHeader("X-Cost", 600_000 / steps))
            : BudgetSample.budget("ai", micros, BudgetSample.byHeader("X-Cost", 600_000 / steps));
    random = new SplittableRandom(seed);
    perHour = amount / HOURS;
    ledger.configure(Plans.minimal().service(ai).service(chat).budget(budget).compile());
  }

  /**
   * Plays a month.
   *
   * @param demand of the budget, 1 is all of it
   * @param steps of an hour, ten requests of each kind in each
   * @param spike factor of demand in twelve hours of the thirteenth day
   */
  static Outcome play(Mode mode, double demand, double spike, int steps, long seed) {
    PacedMonth month = new PacedMonth(mode, 1e9, steps, seed);
    for (int hour = -28 * 24; hour < 0; hour++) {
      month.hour(hour, 0.9);
    }
    month.begin();
    List<double[]> forecasts = new ArrayList<>();
    for (int hour = 0; hour < HOURS; hour++) {
      if (hour >= 240 && hour % 24 == 0) {
        forecasts.add(month.forecast());
      }
      month.hour(hour, demand * (hour >= 300 && hour < 312 ? spike : 1));
    }
    for (double[] forecast : forecasts) {
      double error = Math.abs(forecast[1] / month.asked - 1);
      month.worstForecast = Math.max(month.worstForecast, error);
      double ofSpent = Math.abs(forecast[3] / month.served - 1);
      month.worstOfSpent = Math.max(month.worstOfSpent, ofSpent);
      boolean within = forecast[0] <= month.asked && month.asked <= forecast[2];
      month.inBand += within ? 1.0 / forecasts.size() : 0;
    }
    return month.outcome();
  }

  private Future<Void> told(BudgetView view, Notice notice) {
    if (notice.kind() == Notice.Kind.ANOMALY && time.epochMillis() >= START) {
      anomalies.add((int) ((time.epochMillis() - START) / 86_400_000) + 1);
    }
    return BudgetListener.HAVE;
  }

  private void begin() {
    asked = askedCritical = served = servedCritical = dark = 0;
  }

  /**
   * What the month will have asked for: low, as likely more as less, high; and the forecast itself.
   */
  private double[] forecast() {
    BudgetView view = view();
    double refused = asked - view.spent();
    Forecast forecast = view.forecast();
    return new double[] {
      refused + forecast.low(),
      refused + forecast.spent(),
      refused + forecast.high(),
      forecast.spent()
    };
  }

  private BudgetView view() {
    return ledger.view(Plans.minimal().service(ai).service(chat).budget(budget).compile()).get(0);
  }

  private void hour(int hour, double demand) {
    int ofDay = Math.floorMod(hour, 24);
    boolean weekend = Math.floorMod(Math.floorDiv(hour, 24) + 6, 7) >= 5;
    double shape = (1 + 0.7 * Math.sin((ofDay - 9) / 24.0 * 2 * Math.PI)) * (weekend ? 1.3 : 0.88);
    double critical = 0.4 * demand * shape * perHour * noise();
    double other = 0.6 * demand * shape * perHour * noise();
    double passed = 0;
    for (int step = 0; step < steps; step++) {
      passed += spend(chat, critical / steps);
      served += spend(ai, other / steps);
      time.advance(Duration.ofMinutes(60 / steps));
    }
    dark += passed < 0.2 * critical ? 1 : 0;
    served += passed;
    servedCritical += passed;
    asked += critical + other;
    askedCritical += critical;
  }

  private double noise() {
    double sum = -6;
    for (int i = 0; i < 12; i++) {
      sum += random.nextDouble();
    }
    return Math.exp(NOISE * sum - NOISE * NOISE / 2);
  }

  /** Ten requests that cost this together; what was served of it. */
  private double spend(ServiceConfig service, double cost) {
    double passed = 0;
    long each = Math.round(cost / 10);
    for (int i = 0; i < 10; i++) {
      if (ledger.reserve(BudgetSample.ask(List.of(budget), service)) instanceof Hold hold) {
        ledger.settle(hold, new long[] {each}, ledger.nowMillis());
        passed += each;
      }
    }
    return passed;
  }

  private Outcome outcome() {
    return new Outcome(
        servedCritical / askedCritical,
        (served - servedCritical) / (asked - askedCritical),
        dark,
        worstForecast,
        worstOfSpent,
        served / (perHour * HOURS),
        inBand,
        List.copyOf(anomalies));
  }

  /** Of what it must a month falls short; a spike, and thrice the budget, may come to anything. */
  static List<String> missed(Mode mode, double demand, double spike, Outcome month) {
    List<String> missed = new ArrayList<>();
    boolean paced = mode == Mode.PACED;
    boolean scarce = spike == 1 && demand == 1.5;
    boolean plenty = spike == 1 && demand == 0.9;
    if (scarce) {
      atLeast(missed, "critical served", month.critical(), paced ? 0.98 : 0.8);
      atMost(missed, "dark hours", month.dark(), 0);
    }
    if (plenty) {
      atLeast(missed, "others served", month.other(), paced ? 0.99 : 0.95);
      atMost(missed, "forecast off what was spent", month.forecastOfSpent(), 0.1);
    }
    if (scarce || plenty) {
      atMost(missed, "forecast off", month.forecast(), 0.1);
    }
    return missed;
  }

  private static void atLeast(List<String> missed, String what, double found, double least) {
    if (!(found >= least)) {
      missed.add(what + " " + found + " (must at least " + least + ")");
    }
  }

  private static void atMost(List<String> missed, String what, double found, double most) {
    if (!(found <= most)) {
      missed.add(what + " " + found + " (must at most " + most + ")");
    }
  }

  /** The worst of each. */
  private static Outcome worst(List<Outcome> months) {
    return new Outcome(
        of(months, Outcome::critical).min().orElse(0),
        of(months, Outcome::other).min().orElse(0),
        months.stream().mapToInt(Outcome::dark).max().orElse(HOURS),
        of(months, Outcome::forecast).max().orElse(1),
        of(months, Outcome::forecastOfSpent).max().orElse(1),
        of(months, Outcome::spent).max().orElse(0),
        of(months, Outcome::inBand).average().orElse(0),
        List.of());
  }

  private static DoubleStream of(List<Outcome> months, ToDoubleFunction<Outcome> what) {
    return months.stream().mapToDouble(what);
  }

  /**
   * Prints one line per mode and demand, and exits with 1 when the worst of its seeds misses what
   * it must; the argument is the number of seeds, 5 by default.
   */
  public static void main(String[] arguments) {
    int seeds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 5;
    List<String> missed = new ArrayList<>();
    System.out.println(
        "demand  mode        critical (worst)    other (worst)  dark h  forecast off: asked  spent  spent  in band");
    for (double[] scene : new double[][] {{0.9, 1}, {1.5, 1}, {1.5, 6}, {3, 1}}) {
      for (Mode mode : Mode.values()) {
        List<Outcome> months = new ArrayList<>();
        for (int seed = 1; seed <= seeds; seed++) {
          months.add(play(mode, scene[0], scene[1], 60, seed));
        }
        Outcome worst = worst(months);
        String name = scene[0] + (scene[1] > 1 ? " spike" : "");
        System.out.printf(
            "%s  %-10s  %6.1f %% (%5.1f)  %5.1f %% (%5.1f)  %5d  %17.1f %%  %5.1f %%  %5.1f %%  %3.0f %%%n",
            name,
            mode,
            100 * of(months, Outcome::critical).average().orElse(0),
            100 * worst.critical(),
            100 * of(months, Outcome::other).average().orElse(0),
            100 * worst.other(),
            worst.dark(),
            100 * worst.forecast(),
            100 * worst.forecastOfSpent(),
            100 * worst.spent(),
            100 * worst.inBand());
        missed(mode, scene[0], scene[1], worst)
            .forEach(what -> missed.add(name + " " + mode + ": " + what));
      }
    }
    missed.forEach(what -> System.out.println("missed: " + what));
    System.exit(missed.isEmpty() ? 0 : 1);
  }
}
