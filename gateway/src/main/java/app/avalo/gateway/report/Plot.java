package app.avalo.gateway.report;

import java.util.Locale;
import java.util.Map;

/** Plots as SVG within a page, without a script, a style or a word from elsewhere. */
final class Plot {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 200;
  private static final int LEFT = 8;
  private static final int TOP = 14;
  private static final int BOTTOM = HEIGHT - 22;

  private Plot() {}

  /**
   * Spent by day as bars, and what it adds up to as a line, with the amount above.
   *
   * @param byDay micro-units by day of the month, two digits
   * @param days of the month
   */
  static String month(Map<String, Long> byDay, int days, long amount, String title) {
    double most = Math.max(1, byDay.values().stream().mapToLong(Long::longValue).max().orElse(1));
    double all = Math.max(amount, byDay.values().stream().mapToLong(Long::longValue).sum());
    double width = (double) (WIDTH - 2 * LEFT) / days;
    StringBuilder bars = new StringBuilder();
    StringBuilder line = new StringBuilder("M").append(LEFT).append(' ').append(BOTTOM);
    long sum = 0;
    int last = days;
    while (last > 1 && !byDay.containsKey(name(last))) {
      last--;
    }
    for (int day = 1; day <= last; day++) {
      long micros = byDay.getOrDefault(name(day), 0L);
      sum += micros;
      double x = LEFT + (day - 1) * width;
      double height = micros / most * (BOTTOM - TOP) * 0.6;
      bars.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#9db8dd\"/>",
              x + 1,
              BOTTOM - height,
              width - 2,
              height));
      line.append(
          String.format(Locale.ROOT, "L%.1f %.1f", x + width, BOTTOM - sum / all * (BOTTOM - TOP)));
    }
    double limit = BOTTOM - amount / all * (BOTTOM - TOP);
    return String.format(
        Locale.ROOT,
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
            + "<path d=\"M%d %.1fH%d\" stroke=\"#b3261e\" stroke-dasharray=\"4 3\"/>%s"
            + "<path d=\"M%d %dH%d\" stroke=\"#888\"/>"
            + "<path d=\"%s\" fill=\"none\" stroke=\"#1f4e9c\" stroke-width=\"2\"/>%s"
            + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"#b3261e\">amount</text></svg>",
        WIDTH,
        HEIGHT,
        title,
        LEFT,
        limit,
        WIDTH - LEFT,
        bars,
        LEFT,
        BOTTOM,
        WIDTH - LEFT,
        line,
        days(days, width),
        WIDTH - LEFT,
        limit - 3);
  }

  private static String name(int day) {
    return day < 10 ? "0" + day : Integer.toString(day);
  }

  private static String days(int days, double width) {
    StringBuilder text = new StringBuilder();
    for (int day = 1; day <= days; day += 5) {
      text.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#555\">%d</text>",
              LEFT + (day - 0.5) * width,
              BOTTOM + 15,
              day));
    }
    return text.toString();
  }

  /** How much of the whole, as a bar. */
  static String share(long part, long whole) {
    double share = whole <= 0 ? 0 : Math.max(0, Math.min(1, (double) part / whole));
    String colour = share >= 0.9 ? "#b3261e" : share >= 0.7 ? "#c77700" : "#1f4e9c";
    return String.format(
        Locale.ROOT,
        "<svg viewBox=\"0 0 120 10\" class=\"share\" role=\"img\" aria-label=\"%.0f %%\">"
            + "<rect width=\"120\" height=\"10\" fill=\"#e4e4e4\"/>"
            + "<rect width=\"%.1f\" height=\"10\" fill=\"%s\"/></svg>",
        share * 100,
        share * 120,
        colour);
  }
}
