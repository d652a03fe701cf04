package app.avalo.gateway.region;

/**
 * Live state of one endpoint of one region. Services that share an address and check it in the same
 * way share the object. Read and signalled by every data-plane loop.
 */
public interface EndpointHealth {
  /** A volatile read. */
  Standing standing();

  /**
   * When that began for which it is not in service: the silence, the failed check, the failed
   * request. Now, while it is, or while it is only suspected and too few checks have confirmed it.
   */
  default long goneSinceNanos(long nowNanos) {
    return nowNanos;
  }

  /** An attempt got the head of an answer that does not count as a failure. */
  void succeeded();

  /**
   * The same, and how long it took.
   *
   * @param headNanos from the request going out to the head of its answer
   */
  default void succeeded(long headNanos) {
    succeeded();
  }

  /**
   * A whole request went out whose answer is awaited; {@link #settled} follows once, whatever comes
   * of it. Silence while somebody waits is what betrays a stopped or unreachable endpoint.
   */
  default void sent() {}

  /** One that was {@link #sent} is answered, failed or given up. */
  default void settled() {}

  /** An attempt failed through the endpoint's fault. */
  void failed(Failure failure);

  /**
   * An attempt was answered that the endpoint should be spared for a while (503 with {@code
   * Retry-After}, RFC 9110, 10.2.3), which is no failure of it.
   *
   * @param seconds at least so long
   */
  default void spare(int seconds) {}

  /** Whether its check says that it is about to go, which answers to requests cannot. */
  default boolean isLeaving() {
    return false;
  }

  /** Signals of live traffic, hardest evidence first. */
  enum Failure {
    /** Connection refused or reset while connecting. */
    CONNECT,
    /** Connection closed or reset before the end of an answer. */
    RESET,
    /** No answer within the attempt's patience, or the connect time-out. */
    TIMEOUT,
    /** 502, 503 or 504, or an answer that is not HTTP. */
    BAD_ANSWER
  }
}
