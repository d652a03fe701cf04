package app.avalo.gateway.filter.budget.lease;

import java.util.List;

/**
 * What the store answers to a {@link Statement}.
 *
 * @param granted micro-units this replica may spend in the period, spent ones included
 * @param spent by all replicas, corrections included
 * @param raised micro-units added to the amount by operators
 * @param frozenUntil milliseconds since 1970 until which only floors may spend; 0 by default
 * @param freeUntil milliseconds since 1970 until which nobody is slowed; 0 by default
 * @param part micro-units that are this replica's part of what nobody holds
 * @param stated the most that this replica has ever stated to have spent
 * @param sequence of the last statement of this replica that counted
 * @param ours keys of what it falls to this replica to tell
 * @param theirs keys of what others told
 * @param services that any replica charged
 * @param byService micro-units of all replicas, in the order asked
 * @param statedBy the most that this replica has ever stated of each
 */
public record Lease(
    long granted,
    long spent,
    long raised,
    long frozenUntil,
    long freeUntil,
    long part,
    long stated,
    long sequence,
    List<String> ours,
    List<String> theirs,
    List<String> services,
    long[] byService,
    long[] statedBy) {}
