package app.avalo.gateway.filter.budget.pace;

/** Who asks for money. */
public enum Standing {
  /** Never refused for money. */
  FLOOR,
  CRITICAL,
  OTHER
}
