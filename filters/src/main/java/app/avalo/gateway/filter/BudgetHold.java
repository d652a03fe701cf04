package app.avalo.gateway.filter;

/** Money reserved for one exchange, settled when it ends; the budget filter knows the rest. */
public interface BudgetHold {
  /** Key of the reservation in the ledger; begins with the request id. */
  String id();
}
