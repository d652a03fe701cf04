package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig.CheckKind;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
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
 * @param observed what its endpoints and its own check say, forced state not applied
 * @param evictionRefused whether it would be out if the panic rule allowed it
 * @param taking which of its callers it may take
 * @param forced what an operator ordered, or null
 * @param check of the region as a whole, or null without one
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
    Taking taking,
    @Nullable Forced forced,
    @Nullable EndpointStatus check,
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
   * @param steps how users leave before the region is out, or null for all at once
   */
  public record Forced(
      boolean out,
      String by,
      String reason,
      @Nullable Long untilEpochMillis,
      @Nullable Steps steps) {

    /** An order that takes effect at once. */
    public Forced(boolean out, String by, String reason, @Nullable Long untilEpochMillis) {
      this(out, by, reason, untilEpochMillis, null);
    }

    /** The standing it orders. */
    public Standing standing() {
      return out ? Standing.OUT : Standing.IN_SERVICE;
    }
  }

  /**
   * A drain's pace.
   *
   * @param users whom a step sends elsewhere, of the region's estimated users
   * @param pause between steps
   */
  public record Steps(int users, Duration pause) {}

  /**
   * Which callers a region may take.
   *
   * @param share of 1024
   * @param users different callers of the last five to ten minutes, estimated
   * @param drainUsers whom a step of the drain sends elsewhere, or null without a drain
   * @param drained whether the drain has come to its end
   */
  public record Taking(int share, int users, @Nullable Integer drainUsers, boolean drained) {}

  /**
   * One endpoint, once per distinct check, or what is asked about the region as a whole.
   *
   * @param url scheme, host and port
   * @param check path or kind of its check
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
   * @param subject {@code region} or the url of the endpoint or of the region's check
   * @param from before
   * @param to after
   * @param reason why
   */
  public record Incident(
      long epochMillis, String subject, Standing from, Standing to, String reason) {}

  /** A check as operators recognise it: its path, or its kind if it asks nothing. */
  static String described(HealthCheck check) {
    return check.kind() == CheckKind.HTTP
        ? check.ask().path()
        : check.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Map<String, Long> failures(EndpointSignals signals) {
    Map<String, Long> byKind = new TreeMap<>();
    for (EndpointHealth.Failure kind : EndpointHealth.Failure.values()) {
      byKind.put(kind.name(), signals.failures(kind));
    }
    return byKind;
  }
}
