package app.avalo.gateway.region.evidence;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Keeps automatic evictions from taking the fleet down: never below half of the regions, never a
 * second one within a minute. A refused region stays suspect and usable as the last resort; only an
 * operator may force it out. Control loop only.
 */
public final class PanicRule {
  public static final Duration BETWEEN = Duration.ofSeconds(60);

  private @Nullable String last;
  private long lastNanos;

  /**
   * Takes one more region out, if that is allowed.
   *
   * @param region the candidate
   * @param regions all there are
   * @param left those that would not be out afterwards
   * @return whether it may be out
   */
  public boolean evict(String region, int regions, int left, long nowNanos) {
    boolean second =
        last != null && !last.equals(region) && nowNanos - lastNanos < BETWEEN.toNanos();
    if (second || left * 2 < regions) {
      return false;
    }
    last = region;
    lastNanos = nowNanos;
    return true;
  }
}
