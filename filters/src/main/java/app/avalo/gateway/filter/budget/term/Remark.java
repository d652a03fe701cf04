package app.avalo.gateway.filter.budget.term;

/** What is counted of a request besides what became of it. */
public enum Remark {
  /** Its answer did not tell what it cost. */
  UNREADABLE,
  /** Its id was charged before. */
  REPEATED,
  /** It had an id of which nobody could tell whether it was charged before. */
  FORGOTTEN
}
