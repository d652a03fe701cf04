package app.avalo.gateway.upstream;

/** How an exchange lost its upstream. */
public enum Loss {
  /** Closed or reset; whether the request was worked on is not known. */
  CLOSED,
  /** The connection was being closed and the request not looked at (RFC 9113, 6.8). */
  UNPROCESSED,
  /** The endpoint has no room for the request and did not look at it (RFC 9113, 8.7). */
  REFUSED,
  /** What came is not HTTP. */
  PROTOCOL;

  /** Whether the endpoint said that it did nothing with the request, so it may be sent again. */
  public boolean isHarmless() {
    return this == UNPROCESSED || this == REFUSED;
  }
}
