package app.avalo.gateway.upstream;

/** The connections of one event loop to one endpoint. */
public interface EndpointPool {
  /** Told once what came of an acquire. */
  interface Waiter {
    void connected(UpstreamStream stream);

    /** No connection: refused, timed out, TLS failed, or the pool is at its ceiling. */
    void notConnected(Throwable cause);
  }

  /**
   * Lends what is open at once, or opens a connection.
   *
   * @param idleNanos how long a lent HTTP/1.1 connection may have been idle
   */
  void acquire(Waiter waiter, long idleNanos);

  /** Lends a connection other than one that just turned out to be dead. */
  void replace(Waiter waiter);

  /** Opens an HTTP/1.1 connection that nobody used before, to leave HTTP behind on. */
  void tunnel(Waiter waiter);

  /**
   * Cuts every connection, requests in flight included: the endpoint is lost. Tunnels are left to
   * those who talk through them, so that they can say where to go.
   */
  void closeAll();

  /** Closes what is idle now and the rest when it comes back. */
  void retire();

  /** Closes what has been idle since before, and what is dead. */
  void sweep(long idleBeforeNanos);

  /** How it has answered this loop so far. */
  EndpointLoad load();

  /** Exchanges that use it or wait for it; the load that the choice between endpoints looks at. */
  int inFlight();

  /** Open connections, idle ones included. */
  int openConnections();
}
