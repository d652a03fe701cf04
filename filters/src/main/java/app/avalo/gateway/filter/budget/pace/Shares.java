package app.avalo.gateway.filter.budget.pace;

/**
 * Which share of requests passes, each from 0 to 1.
 *
 * @param critical of services that are critical
 * @param other of all but those and the floors
 */
public record Shares(double critical, double other) {
  /** Nobody is slowed. */
  public static final Shares ALL = new Shares(1, 1);

  /** Nobody passes but floors. */
  public static final Shares NONE = new Shares(0, 0);
}
