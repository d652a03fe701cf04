package app.avalo.gateway.filter.limit.bucket;

/** What a bucket said; filled again and again by whoever asks, so that asking allocates nothing. */
public final class Reading {
  private boolean allowed;
  private int band;
  private long remaining;
  private long retryAfterNanos;
  private long resetNanos;

  void set(boolean allowed, int band, long remaining, long retryAfterNanos, long resetNanos) {
    this.allowed = allowed;
    this.band = band;
    this.remaining = remaining;
    this.retryAfterNanos = retryAfterNanos;
    this.resetNanos = resetNanos;
  }

  /** Becomes as another one is. */
  public void copy(Reading other) {
    set(other.allowed, other.band, other.remaining, other.retryAfterNanos, other.resetNanos);
  }

  /** Of a refusal: the wait is another one. */
  public void refused(long retryAfterNanos) {
    this.retryAfterNanos = retryAfterNanos;
  }

  /** So many of the tokens may be gone before anybody asks for them. */
  public void unsure(long tokens) {
    remaining = Math.max(0, remaining - tokens);
  }

  public boolean allowed() {
    return allowed;
  }

  /** The band that decides: when refused the one that takes longest, else the emptiest. */
  public int band() {
    return band;
  }

  /** Whole tokens left in it. */
  public long remaining() {
    return remaining;
  }

  /** Until the request would pass, 0 when it was allowed. */
  public long retryAfterNanos() {
    return retryAfterNanos;
  }

  /** Until the band is full. */
  public long resetNanos() {
    return resetNanos;
  }
}
