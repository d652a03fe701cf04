package app.avalo.gateway.region.recovery;

import org.jspecify.annotations.Nullable;

/**
 * One service's way out of one region that is lost, or in which it has no endpoint left: from the
 * first evidence of the loss to the last moment in which the service was not in good hands. That is
 * the latest of
 *
 * <ul>
 *   <li>the verdict: the suspicion, from which on requests go elsewhere, or for users who are bound
 *       to the region its conviction;
 *   <li>the last attempt of the service that succeeded or failed in the lost region;
 *   <li>the moment from which another region with the service was in service.
 * </ul>
 *
 * An attempt that failed but was repeated elsewhere with success counts, so the figure is rather
 * too long than too short.
 *
 * @param beganEpochMillis first evidence
 * @param millis how long it took, or has taken so far
 * @param objectiveMillis {@code targets.recovery} of the service, or null
 * @param over whether it is; false while users are still touched by the loss
 */
public record Recovery(
    String service,
    String region,
    long beganEpochMillis,
    long millis,
    @Nullable Long objectiveMillis,
    boolean over) {

  /** Whether it took, or has taken, longer than promised. */
  public boolean isLate() {
    return objectiveMillis != null && millis > objectiveMillis;
  }
}
