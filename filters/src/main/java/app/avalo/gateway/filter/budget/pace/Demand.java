package app.avalo.gateway.filter.budget.pace;

import app.avalo.gateway.filter.budget.price.Price;
import java.util.Arrays;

/** What was asked of one budget in one period, and what of it passed. Guarded by its term. */
public final class Demand {
  private static final int STANDINGS = Standing.values().length;

  private long asked; // since the last exchange with the store
  private long largest; // lately
  private final long[] by = new long[2 * STANDINGS]; // what was asked by standing, then what passed

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

  public void asked(Standing who, long micros) {
    add(who.ordinal(), micros);
  }

  private void add(int i, long micros) {
    by[i] = Price.add(by[i], micros);
  }

  /** Who asked will do so again, and counts then. */
  public void asksAgain(Standing who, long micros) {
    by[who.ordinal()] -= micros;
  }

  public void passed(Standing who, long micros) {
    add(STANDINGS + who.ordinal(), micros);
  }

  /** What had passed is given up, as if it had not been asked for. */
  public void givenUp(Standing who, long micros) {
    asksAgain(who, micros);
    by[STANDINGS + who.ordinal()] -= micros;
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
    return Arrays.copyOf(by, STANDINGS);
  }

  public long[] passedBy() {
    return Arrays.copyOfRange(by, STANDINGS, 2 * STANDINGS);
  }
}
