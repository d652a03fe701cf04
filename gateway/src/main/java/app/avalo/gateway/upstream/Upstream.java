package app.avalo.gateway.upstream;

import io.vertx.core.http.HttpClientConnection;

/**
 * One connection to an endpoint, lent to one exchange at a time. Given back exactly once: {@link
 * #release} when the exchange left it clean, {@link #discard} otherwise.
 */
public final class Upstream {
  private final HttpClientConnection connection;
  private final EndpointPool pool;
  private boolean lent;
  private boolean closed;
  private boolean reused;
  long idleSinceNanos;

  Upstream(HttpClientConnection connection, EndpointPool pool) {
    this.connection = connection;
    this.pool = pool;
    connection.closeHandler(
        gone -> {
          closed = true;
          pool.closed(this);
        });
    // Each exchange learns of a failure through its own request; without a handler it is logged.
    connection.exceptionHandler(failure -> {});
  }

  public HttpClientConnection connection() {
    return connection;
  }

  /** Whether it served an exchange before, so that a reset may only mean it was stale. */
  public boolean reused() {
    return reused;
  }

  /** Gives it back for the next exchange. */
  public void release() {
    if (lent) {
      lent = false;
      pool.released(this);
    }
  }

  /** Gives it back and closes it: something unread or unsent is left on it. */
  public void discard() {
    if (lent) {
      lent = false;
      pool.discarded();
    }
    close();
  }

  void close() {
    if (!closed) {
      closed = true;
      connection.close();
      pool.closed(this);
    }
  }

  boolean isClosed() {
    return closed;
  }

  boolean isLent() {
    return lent;
  }

  void lend(boolean again) {
    lent = true;
    reused = again;
  }
}
