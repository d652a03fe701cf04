package app.avalo.gateway.region;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What operators see of a region; a snapshot.
 *
 * @param region its name
 * @param standing how far it may be used, forced state applied
 * @param sinceEpochMillis of that standing
 * @param reason of that standing
 * @param observed what its endpoints say, forced state not applied
 * @param evictionRefused whether it would be out if the panic rule allowed it
 * @param forced what an operator ordered, or null
 * @param endpoints by address and check
 * @param incidents the last changes of the region and its endpoints, oldest first
 */
public record RegionStatus(
    String region,
    Standing standing,
    long sinceEpochMillis,
    String reason,
    Standing observed,
    boolean evictionRefused,
    @Nullable Forced forced,
    List<EndpointStatus> endpoints,
    List<Incident> incidents) {

  /**
   * An operator's order, kept apart from what is observed; it survives reloads and, with a state
   * directory, restarts.
   *
   * @param out true takes the region out, false keeps it in whatever the checks say
   * @param by who ordered it
   * @param reason why
   * @param untilEpochMillis when it ends by itself, or null
   */
  public record Forced(boolean out, String by, String reason, @Nullable Long untilEpochMillis) {
    /** The standing it orders. */
    public Standing standing() {
      return out ? Standing.OUT : Standing.IN_SERVICE;
    }
  }

  /**
   * One endpoint, once per distinct check.
   *
   * @param url scheme, host and port
   * @param check path of its check
   * @param standing how far it may be used
   * @param state HEALTHY, SUSPECT, CONVICTED by checks or EJECTED by traffic
   * @param sinceEpochMillis of that state
   * @param reason of that state
   * @param lastCheck outcome and detail of the last check, or null before the first
   * @param lastCheckEpochMillis when it ended, 0 before the first
   * @param successes attempts that succeeded since the start
   * @param failures attempts that failed since the start, by kind
   * @param checks since the start
   * @param failedChecks since the start
   * @param convictions in the present series
   * @param ejections in the present series
   */
  public record EndpointStatus(
      String url,
      String check,
      Standing standing,
      String state,
      long sinceEpochMillis,
      String reason,
      @Nullable String lastCheck,
      long lastCheckEpochMillis,
      long successes,
      Map<String, Long> failures,
      long checks,
      long failedChecks,
      int convictions,
      int ejections) {}

  /**
   * One change.
   *
   * @param epochMillis when
   * @param subject {@code region} or the endpoint's url
   * @param from before
   * @param to after
   * @param reason why
   */
  public record Incident(
      long epochMillis, String subject, Standing from, Standing to, String reason) {}

  static Map<String, Long> failures(EndpointSignals signals) {
    Map<String, Long> byKind = new TreeMap<>();
    for (EndpointHealth.Failure kind : EndpointHealth.Failure.values()) {
      byKind.put(kind.name(), signals.failures(kind));
    }
    return byKind;
  }
}
