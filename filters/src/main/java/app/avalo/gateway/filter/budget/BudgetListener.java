package app.avalo.gateway.filter.budget;

/** Hears of a budget's levels; called on any thread, so it must be quick and must not throw. */
public interface BudgetListener {
  /** Hears nothing. */
  BudgetListener NONE = (budget, level) -> {};

  /**
   * A budget reached a level for the first time in its period. Told once per level and period: over
   * restarts when there is a state directory, over all replicas when there is Redis.
   *
   * @param budget as it stands now, which may be above the level told
   */
  void reached(BudgetView budget, Level level);
}
