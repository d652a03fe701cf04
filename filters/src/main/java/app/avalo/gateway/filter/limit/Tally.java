package app.avalo.gateway.filter.limit;

import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.LimitVerdict.By;
import app.avalo.gateway.filter.limit.Limits.Counts;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Decisions of one policy on one event loop since the start. Only the loop adds, so it needs no
 * atomic addition; anybody reads.
 */
final class Tally {
  private static final By[] ALL = By.values();
  private static final int OUTCOMES = Outcome.values().length;

  private final AtomicLongArray cells = new AtomicLongArray(ALL.length * OUTCOMES);

  private enum Outcome {
    ALLOWED,
    REFUSED,
    /** Would have been refused. */
    SHADOWED
  }

  void add(LimitVerdict verdict) {
    Outcome refused = verdict.policy().shadow() ? Outcome.SHADOWED : Outcome.REFUSED;
    Outcome outcome = verdict.allowed() ? Outcome.ALLOWED : refused;
    int cell = verdict.by().ordinal() * OUTCOMES + outcome.ordinal();
    cells.setOpaque(cell, cells.getPlain(cell) + 1);
  }

  Counts counts() {
    long[] outcomes = new long[OUTCOMES];
    Map<By, Long> deciders = new EnumMap<>(By.class);
    for (int cell = 0; cell < cells.length(); cell++) {
      long decisions = cells.getOpaque(cell);
      if (decisions > 0) {
        outcomes[cell % OUTCOMES] += decisions;
        deciders.merge(ALL[cell / OUTCOMES], decisions, Long::sum);
      }
    }
    return new Counts(
        outcomes[Outcome.ALLOWED.ordinal()],
        outcomes[Outcome.REFUSED.ordinal()],
        outcomes[Outcome.SHADOWED.ordinal()],
        deciders);
  }
}
