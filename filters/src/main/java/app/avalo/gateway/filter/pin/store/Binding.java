package app.avalo.gateway.filter.pin.store;

import org.jspecify.annotations.Nullable;

/**
 * A user bound to a region, and the algebra of all stores: a higher counter wins, at equal counters
 * whoever is in the store already.
 *
 * @param epoch counter and region index, see {@link Epoch}
 * @param home index of the region of the first binding; where failback leads
 * @param sinceMillis when this binding began, wall clock
 * @param cause why it began
 */
public record Binding(long epoch, int home, long sinceMillis, Cause cause) {

  /** Why a binding began. Names and order are stored: append only. */
  public enum Cause {
    /** First contact. */
    FIRST,
    /** The old region was lost. */
    FAILOVER,
    /** The old region may not serve the user. */
    RESIDENCY,
    /** An operator said so. */
    OPERATOR,
    /** The store had lost it and learned it again from a witness. */
    WITNESS
  }

  /** A first binding. */
  public static Binding first(int region, long nowMillis) {
    return new Binding(Epoch.of(1, region), region, nowMillis, Cause.FIRST);
  }

  public long counter() {
    return Epoch.counter(epoch);
  }

  public int region() {
    return Epoch.region(epoch);
  }

  /** What holds after the proposal: first writer wins, and a higher counter repairs the store. */
  static Binding claimed(@Nullable Binding current, Binding proposal) {
    return current != null && current.counter() >= proposal.counter() ? current : proposal;
  }

  /** Whether a mover who saw the witness is too late. */
  static boolean overtook(@Nullable Binding current, long witness) {
    return current != null
        && (current.counter() > Epoch.counter(witness)
            || current.counter() == Epoch.counter(witness) && current.epoch() != witness);
  }

  /**
   * The binding after a move, its counter above both the store's and the witness's.
   *
   * @param current in the store, or null
   * @param from what the mover saw
   */
  public static Binding moved(
      @Nullable Binding current, Binding from, int to, Cause cause, long nowMillis) {
    long counter = Math.max(current == null ? 0 : current.counter(), from.counter()) + 1;
    int home = current == null ? from.home() : current.home();
    return new Binding(Epoch.of(counter, to), home, nowMillis, cause);
  }
}
