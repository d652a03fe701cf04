package app.avalo.gateway.filter.budget.term;

/** What the budget says. */
public enum Answer {
  ADMITTED,
  /** Only a share passes, so that the money lasts. */
  PACED,
  /** An operator froze it. */
  FROZEN,
  /** What is left, or leased, does not cover the request. */
  NO_ROOM,
  /** Its account was forgotten just now; there is another by now, or will be. */
  ENDED
}
