package app.avalo.gateway.filter.budget.term;

/**
 * Until when operators' orders hold, in a period or beyond. Changed by its term, read by every
 * thread.
 */
public final class Orders {
  public static final String FREEZE = "freeze";
  public static final String FREE = "free";

  private volatile long frozenUntil; // milliseconds since 1970; 0 if nobody froze it
  private volatile long freeUntil; // likewise: until then nobody is slowed

  /** Until when an order of this kind holds; 0 if there is none. */
  public long until(String what) {
    return what.equals(FREEZE) ? frozenUntil : freeUntil;
  }

  /** The latest of its kind holds. */
  void give(String what, long untilMillis) {
    if (what.equals(FREEZE)) {
      frozenUntil = untilMillis;
    } else {
      freeUntil = untilMillis;
    }
  }

  /** Takes over those that all replicas follow; whether they are others. */
  boolean replace(long frozen, long free) {
    boolean others = frozenUntil != frozen || freeUntil != free;
    frozenUntil = frozen;
    freeUntil = free;
    return others;
  }

  public long frozenUntil() {
    return frozenUntil;
  }

  public long freeUntil() {
    return freeUntil;
  }
}
