package app.avalo.gateway.filter;

import app.avalo.gateway.config.BudgetConfig;

/**
 * Money reserved for one exchange, settled when it ends.
 *
 * @param id idempotency key of the reservation, the request id
 * @param budgets charged, all or none
 * @param reservedMicros per budget, in micro-units of its currency
 */
public record BudgetHold(String id, BudgetConfig[] budgets, long[] reservedMicros) {}
