package app.avalo.gateway.filter.budget.lease;

import java.util.List;

/**
 * What the store answers to a {@link Statement}.
 *
 * @param granted micro-units this replica may spend in the period, spent ones included
 * @param spent by all replicas, corrections included
 * @param raised micro-units added to the amount by operators
 * @param ours keys of what it falls to this replica to tell
 * @param byService micro-units of all replicas, in the order asked
 */
public record Lease(long granted, long spent, long raised, List<String> ours, long[] byService) {}
