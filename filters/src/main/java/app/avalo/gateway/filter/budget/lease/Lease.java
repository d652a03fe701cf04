package app.avalo.gateway.filter.budget.lease;

/**
 * What the store answers to a {@link Statement}.
 *
 * @param granted micro-units this replica may spend in the period, spent ones included
 * @param spent by all replicas, corrections included
 * @param raised micro-units added to the amount by operators
 * @param levels bit n is set when it falls to this replica to tell operators of level n
 * @param byService micro-units of all replicas, in the order asked
 */
public record Lease(long granted, long spent, long raised, int levels, long[] byService) {}
