package app.avalo.gateway.filter.budget.pace;

/**
 * What a period has come to, in micro-units since it began; arrays by {@link Standing}.
 *
 * @param asked by requests of this replica, refused ones included
 * @param admitted of those, by requests that passed
 * @param spent by all replicas
 * @param total spent by all replicas, corrections included
 * @param amount that may be spent
 */
public record Tally(long[] asked, long[] admitted, long[] spent, long total, long amount) {}
