package app.avalo.gateway.filter.budget.lease;

/** What came of a correction. */
public enum Corrected {
  DONE,
  /** Its id was seen before. */
  SEEN,
  /** A sum would fall below zero. */
  IMPOSSIBLE,
  /** Nothing is known of the period, any more or yet. */
  UNKNOWN
}
