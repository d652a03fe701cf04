package app.avalo.gateway.filter.budget.term;

import app.avalo.gateway.filter.budget.lease.Lease;
import app.avalo.gateway.filter.budget.price.Price;

/**
 * The part of one budget that this replica may spend, as far as it has heard from the store. Alone,
 * it is everything. Guarded by its term.
 */
final class Slice {
  private long granted;
  private long part; // of what nobody holds, when the store was last reached
  private long allowance; // spendable beyond what is granted, while the store is away
  private long elsewhere; // spent by other replicas, and corrections in the store; may be negative
  private boolean met; // whether the store has told what it knows of this replica

  /** What may be spent before the store is asked. */
  Slice(long granted) {
    this.granted = granted;
  }

  boolean isEverything() {
    return granted == Long.MAX_VALUE;
  }

  boolean isMet() {
    return met;
  }

  long elsewhere() {
    return elsewhere;
  }

  /** What is left of it for who has spent this much. */
  long beyond(long spent) {
    return Price.add(granted, allowance) - spent;
  }

  /**
   * Gives back what is beyond {@code headroom}, and all that is not used when it would not pay for
   * one usual request.
   *
   * @return what is kept, used included
   */
  long handBack(long used, long headroom, long usual) {
    long ahead = granted - used < usual ? 0 : headroom;
    granted = Math.min(granted, Price.add(used, ahead));
    return Math.max(granted, used);
  }

  /**
   * The store cannot be reached. Who has never heard what is left shares one allowance with others
   * like it.
   *
   * @param most that one replica may spend beyond what is granted
   */
  void storeAway(long most, int replicas) {
    allowance = met ? Math.min(part, most) : most / replicas;
  }

  /** Nobody asks: nothing is spent beyond what is granted. */
  void rest() {
    allowance = 0;
  }

  /** The store has answered. */
  void leased(Lease lease) {
    granted = lease.granted();
    allowance = 0;
    part = lease.part();
    elsewhere = lease.spent() - lease.stated();
    met = true;
  }
}
