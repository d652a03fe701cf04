package app.avalo.gateway.filter.budget.pace;

import app.avalo.gateway.filter.budget.price.Price;

/** What was asked of one budget in one period, and what of it passed. Guarded by its term. */
public final class Demand {
  private long asked; // since the last exchange with the store
  private long largest; // lately
  private final long[] askedBy = new long[Standing.values().length];
  private final long[] passedBy = new long[Standing.values().length];

  /**
   * More is wanted; whether it counts as asked for is decided later. No lease is kept for what
   * cannot be paid.
   *
   * @param payable micro-units that are left with nothing else in flight
   */
  public void wanted(long micros, long payable) {
    if (micros <= payable) {
      asked = Price.add(asked, micros);
      largest = Math.max(largest, micros);
    }
  }

  public void asked(Standing by, long micros) {
    askedBy[by.ordinal()] = Price.add(askedBy[by.ordinal()], micros);
  }

  /** Who asked will do so again, and counts then. */
  public void asksAgain(Standing by, long micros) {
    askedBy[by.ordinal()] -= micros;
  }

  public void passed(Standing by, long micros) {
    passedBy[by.ordinal()] = Price.add(passedBy[by.ordinal()], micros);
  }

  /** What had passed is given up, as if it had not been asked for. */
  public void givenUp(Standing by, long micros) {
    asksAgain(by, micros);
    passedBy[by.ordinal()] -= micros;
  }

  /**
   * Micro-units asked for since the last call, and the largest request lately: each call forgets a
   * tenth of it, so that one dear request does not keep a dear lease for the rest of the period.
   */
  public long[] drain() {
    long[] drained = {asked, largest};
    asked = 0;
    largest -= largest / 10;
    return drained;
  }

  public long[] askedBy() {
    return askedBy.clone();
  }

  public long[] passedBy() {
    return passedBy.clone();
  }
}
