package app.avalo.gateway.filter.budget.term;

/** Until when operators' orders of a period hold. Guarded by its term. */
final class Orders {
  private long frozenUntil; // milliseconds since 1970; 0 if nobody froze it
  private long freeUntil; // likewise: until then nobody is slowed

  /** The latest of its kind holds. */
  void give(String what, long untilMillis) {
    if (what.equals(Term.FREEZE)) {
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

  long frozenUntil() {
    return frozenUntil;
  }

  long freeUntil() {
    return freeUntil;
  }
}
