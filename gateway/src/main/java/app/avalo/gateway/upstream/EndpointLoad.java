package app.avalo.gateway.upstream;

/**
 * How one endpoint has answered one event loop: how fast, for how long it has been in use, and
 * whether it still answers at all. Confined to that loop.
 */
public final class EndpointLoad {
  /** In which an old answer loses most of its weight (Finagle's peak EWMA). */
  private static final double DECAY_NANOS = 10e9;

  /** Requests in a row that others had to answer, for as long, which make an endpoint silent. */
  private static final int SILENT_REQUESTS = 5;

  private static final long SILENT_NANOS = 100_000_000L;

  /** Share, in 1024ths, that an endpoint begins with. */
  private static final int COLD = 102;

  /** Share, in 1024ths, of an endpoint that has been in use for long enough. */
  public static final int WARM = 1024;

  private double latencyNanos; // 0 while unknown
  private long latencyAtNanos;
  private boolean used; // since it was new, or lost
  private long usedSinceNanos;
  private int unanswered; // in a row
  private long unansweredSinceNanos;

  /** An answer came; slower ones count at once, faster ones bit by bit. */
  public void took(long nanos, long nowNanos) {
    double old = latencyNanos(nowNanos);
    double weight = Math.exp((latencyAtNanos - nowNanos) / DECAY_NANOS);
    latencyNanos = nanos >= old ? nanos : latencyNanos * weight + nanos * (1 - weight);
    latencyAtNanos = nowNanos;
  }

  /** What an answer takes, 0 while that is unknown; what is long ago is forgotten bit by bit. */
  public double latencyNanos(long nowNanos) {
    return latencyNanos == 0
        ? 0
        : latencyNanos * Math.exp((latencyAtNanos - nowNanos) / DECAY_NANOS);
  }

  /** It answered, however fast. */
  public void answered() {
    unanswered = 0;
  }

  /**
   * It left a request to another endpoint, which answered instead.
   *
   * @return whether it must be taken for silent, because nothing of late was answered by it
   */
  public boolean outrun(long sentNanos, long nowNanos) {
    if (unanswered++ == 0) {
      unansweredSinceNanos = sentNanos;
    }
    boolean silent =
        unanswered >= SILENT_REQUESTS && nowNanos - unansweredSinceNanos >= SILENT_NANOS;
    if (silent) {
      unanswered = 0;
    }
    return silent;
  }

  /** It is out of service; should it return, it is a new one. */
  public void lost() {
    used = false;
    latencyNanos = 0;
    unanswered = 0;
  }

  /** The part of its share, in 1024ths, that it should have by now. */
  public int warmth(long nowNanos, long slowStartNanos) {
    if (!used) {
      used = true;
      usedSinceNanos = nowNanos;
    }
    long sinceNanos = nowNanos - usedSinceNanos;
    return sinceNanos >= slowStartNanos
        ? WARM
        : (int) (COLD + (WARM - COLD) * sinceNanos / slowStartNanos);
  }
}
