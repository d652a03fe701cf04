package app.avalo.gateway.filter.geo;

import org.jspecify.annotations.Nullable;

/**
 * State of the GeoIP database, for metrics and operators.
 *
 * @param configured whether the configuration names a file
 * @param loaded whether some database is in use, maybe an older one
 * @param lastLoadGood whether the file as it is now could be used; true when none is configured
 * @param fault why the last load failed, or null
 * @param databaseType what the file in use calls itself, or null
 * @param buildEpochSeconds when the database in use was made, seconds since 1970; 0 without one
 * @param lookups in the database since the start; cached answers do not count
 * @param failedLookups of them, on corrupt records
 * @param loads of a file that succeeded since the start
 * @param failedLoads of a file that failed since the start
 */
public record GeoStatus(
    boolean configured,
    boolean loaded,
    boolean lastLoadGood,
    @Nullable String fault,
    @Nullable String databaseType,
    long buildEpochSeconds,
    long lookups,
    long failedLookups,
    long loads,
    long failedLoads) {}
