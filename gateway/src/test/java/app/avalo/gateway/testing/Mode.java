package app.avalo.gateway.testing;

/** How a test region treats what reaches it. */
public enum Mode {
  /** 200 with a JSON echo of the request. */
  NORMAL,
  /** Like normal, after the region's delay. */
  DELAY,
  /** 500, connection kept. */
  ERROR_500,
  /** 503, connection kept. */
  ERROR_503,
  /** 503 that asks to be left alone for half a minute, connection kept. */
  DRAINING,
  /** A 200 head that promises more bytes than follow, then RST. */
  RESET_MID_BODY,
  /** RST once the request was read, before any byte of an answer. */
  RESET_BEFORE_HEAD,
  /** The connection is closed as soon as it is accepted; open ones at their next request. */
  ACCEPT_AND_CLOSE,
  /** Bytes that are not HTTP. */
  GARBAGE,
  /** Reads the request and stays silent, the connection open. */
  NEVER_ANSWER
}
