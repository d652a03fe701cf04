package app.avalo.gateway.filter.budget.journal;

/**
 * A sum of money that changes too often for a line each: what it stands at outlives a killed
 * process, and a line says so now and then. Set by one thread at a time, which its owner sees to;
 * setting it never waits.
 */
public interface Counter {
  /** Is forgotten with the process. */
  Counter FORGOTTEN =
      new Counter() {
        @Override
        public void set(long micros, long held) {}

        @Override
        public void end() {}
      };

  /**
   * From now on it stands at this, as one moment's truth: a process that is killed has spent what
   * it held.
   *
   * @param micros micro-units spent or held since the counter was made
   * @param held of these, for what is in flight
   */
  void set(long micros, long held);

  /** Nobody sets it any more; what it stands at stays in the ledger. */
  void end();
}
