package app.avalo.gateway.filter.budget.term;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Period;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;

/**
 * One period of a budget, in UTC.
 *
 * @param key {@code 2026-11.PLN} or {@code 2026-11-21.PLN}; a change of currency begins anew
 * @param startMillis first millisecond since 1970
 * @param endMillis first millisecond after it
 */
public record Span(String key, long startMillis, long endMillis) {
  static final String DAY = "day:";
  static final long DAY_MILLIS = 86_400_000;

  /** By which a clock may be set back without being in another period. */
  private static final long CLOCK_MILLIS = 3_600_000;

  /** Whether it is now; a clock that was ahead and is put right comes back to the one before. */
  public boolean runs(long nowMillis) {
    return nowMillis < endMillis && nowMillis >= startMillis - CLOCK_MILLIS;
  }

  /** The label of a day of the month, {@code day:28}. */
  static String day(long epochMillis) {
    int day = Instant.ofEpochMilli(epochMillis).atOffset(ZoneOffset.UTC).getDayOfMonth();
    return (day < 10 ? DAY + "0" : DAY) + day;
  }

  /** The label of the day, kept because every settlement needs it. Safe from every thread. */
  public static final class Today {
    private volatile Day day = new Day(0, ""); // whoever meets the next day first

    private record Day(long from, String label) {}

    public String label(long nowMillis) {
      Day known = day;
      if (nowMillis < known.from() || nowMillis >= known.from() + DAY_MILLIS) {
        long from = Math.floorDiv(nowMillis, DAY_MILLIS) * DAY_MILLIS;
        known = new Day(from, Span.day(nowMillis));
        day = known;
      }
      return known.label();
    }
  }

  public static Span of(BudgetConfig budget, long epochMillis) {
    return of(budget, budget.period(), epochMillis);
  }

  /** As if its amount were of this period. */
  public static Span of(BudgetConfig budget, Period period, long epochMillis) {
    LocalDate day = Instant.ofEpochMilli(epochMillis).atOffset(ZoneOffset.UTC).toLocalDate();
    boolean daily = period == Period.DAY;
    LocalDate start = daily ? day : day.withDayOfMonth(1);
    LocalDate end = daily ? day.plusDays(1) : start.plusMonths(1);
    String date = start.toString();
    return new Span(
        (daily ? date : date.substring(0, date.length() - 3)) + '.' + budget.amount().currency(),
        millis(start),
        millis(end));
  }

  /**
   * The period of this name, {@code 2026-11}, or of a budget by the day {@code 2026-11-21}; fails
   * with {@link IllegalArgumentException} when it is none.
   */
  public static Span named(BudgetConfig budget, String name) {
    boolean daily = budget.period() == Period.DAY;
    try {
      return of(budget, millis(daily ? LocalDate.parse(name) : YearMonth.parse(name).atDay(1)));
    } catch (DateTimeException malformed) {
      String example = daily ? "a day such as 2026-11-21" : "a month such as 2026-11";
      throw new IllegalArgumentException("period: " + name + " (expected: " + example + ")");
    }
  }

  /** The one before it. */
  public Span before(BudgetConfig budget) {
    return of(budget, startMillis - 1);
  }

  private static long millis(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
  }

  /** When the period ends, as a client reads it. */
  public String end() {
    return Instant.ofEpochMilli(endMillis).toString();
  }
}
