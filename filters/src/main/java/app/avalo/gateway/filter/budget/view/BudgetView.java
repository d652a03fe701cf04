package app.avalo.gateway.filter.budget.view;

import app.avalo.gateway.filter.budget.pace.Forecast;
import java.util.Map;

/**
 * A budget as operators see it; amounts in micro-units of the currency.
 *
 * @param name as in the YAML
 * @param currency ISO 4217 code
 * @param amount for this period, raises included
 * @param spent settled by all replicas, corrections included; others' share may be a second old
 * @param reserved held by requests in flight through this gateway
 * @param level reached by what is spent
 * @param share spent of amount, 1 is all of it
 * @param admittedShare of requests to services that are not critical, 0 to 1
 * @param criticalShare of requests to critical services, 0 to 1
 * @param forecast of the period if nobody is slowed from now on
 * @param periodStart milliseconds since 1970
 * @param periodEnd milliseconds since 1970
 * @param counts of this gateway since it started or the period began
 * @param byService spent per service by all replicas, corrections excluded
 * @param frozenUntil milliseconds since 1970 until which only floors pass; 0 if nobody froze it
 * @param freeUntil milliseconds since 1970 until which nobody is slowed; 0 by default
 * @param store where the amount is kept
 */
public record BudgetView(
    String name,
    String currency,
    long amount,
    long spent,
    long reserved,
    Level level,
    double share,
    double admittedShare,
    double criticalShare,
    Forecast forecast,
    long periodStart,
    long periodEnd,
    Counts counts,
    Map<String, Long> byService,
    long frozenUntil,
    long freeUntil,
    Store store) {

  /**
   * Requests counted.
   *
   * @param admitted reserved and passed on
   * @param diverted sent to a cheaper service
   * @param paced refused by a ramp
   * @param refused refused because the money was used up, or the store away
   * @param settled ended, refunds included
   * @param unreadable answers without a readable cost, charged at what was reserved
   * @param underestimated requests that cost more than was reserved
   * @param repeated requests whose id was charged before
   * @param forgotten requests with an id that were charged in full since nobody could tell
   */
  public record Counts(
      long admitted,
      long diverted,
      long paced,
      long refused,
      long settled,
      long unreadable,
      long underestimated,
      long repeated,
      long forgotten) {
    public static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** These and others. */
    public Counts plus(Counts other) {
      return new Counts(
          admitted + other.admitted,
          diverted + other.diverted,
          paced + other.paced,
          refused + other.refused,
          settled + other.settled,
          unreadable + other.unreadable,
          underestimated + other.underestimated,
          repeated + other.repeated,
          forgotten + other.forgotten);
    }
  }

  /** Where the amount is kept. */
  public enum Store {
    /** In this process alone. */
    LOCAL,
    /** Shared by all replicas. */
    SHARED,
    /** Shared, but not reachable: what is leased can still be spent. */
    AWAY
  }
}
