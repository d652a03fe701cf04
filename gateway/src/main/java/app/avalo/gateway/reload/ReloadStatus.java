package app.avalo.gateway.reload;

import java.util.List;

/**
 * What came of the last attempt to load the configuration.
 *
 * @param successful whether the plan in force is the one on disk
 * @param cause what asked for it: start, file, signal, admin
 * @param atEpochMillis when
 * @param fingerprint of the plan in force
 * @param faults as {@code file:line:column: ...}; empty when successful
 * @param needsRestart sections that changed but only take effect at the next start
 * @param reloads successful ones since the start
 * @param failures failed ones since the start
 */
public record ReloadStatus(
    boolean successful,
    String cause,
    long atEpochMillis,
    String fingerprint,
    List<String> faults,
    List<String> needsRestart,
    long reloads,
    long failures) {}
