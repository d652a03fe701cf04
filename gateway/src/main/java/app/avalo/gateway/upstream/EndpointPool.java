package app.avalo.gateway.upstream;

import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpConnectOptions;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/**
 * The connections of one event loop to one endpoint. Last used, first lent: the busy ones stay warm
 * and the others age out.
 */
public final class EndpointPool {
  /** More than this from one loop means that the endpoint does not keep up. */
  private static final int CONNECTIONS = 4096;

  private final HttpClientAgent client;
  private final Ticker ticker;
  private final HttpConnectOptions options;
  private final ArrayDeque<Upstream> idle = new ArrayDeque<>();
  private final Set<Upstream> open = new HashSet<>();
  private int connecting;
  private int lent;
  private boolean retired;

  EndpointPool(HttpClientAgent client, Ticker ticker, HttpConnectOptions options) {
    this.client = client;
    this.ticker = ticker;
    this.options = options;
  }

  /** Told once what came of an acquire. */
  public interface Waiter {
    void connected(Upstream upstream);

    /** No connection: refused, timed out, TLS failed, or the pool is at its ceiling. */
    void notConnected(Throwable cause);
  }

  /**
   * Lends an idle connection at once, or opens one.
   *
   * @param idleNanos how long a lent connection may have been idle
   */
  public void acquire(Waiter waiter, long idleNanos) {
    for (Upstream last = idle.peekLast(); last != null; last = idle.peekLast()) {
      if (!last.isClosed() && ticker.nanos() - last.idleSinceNanos > idleNanos) {
        break;
      }
      idle.pollLast();
      if (!last.isClosed()) {
        lent++;
        last.lend(true);
        waiter.connected(last);
        return;
      }
    }
    connect(waiter);
  }

  /** Opens a connection that nobody used before. */
  public void connect(Waiter waiter) {
    if (open.size() + connecting >= CONNECTIONS) {
      waiter.notConnected(AtCeiling.INSTANCE);
      return;
    }
    connecting++;
    client
        .connect(options)
        .onComplete(
            (connection, cause) -> {
              connecting--;
              if (connection == null) {
                waiter.notConnected(cause);
                return;
              }
              Upstream upstream = new Upstream(connection, this);
              open.add(upstream);
              lent++;
              upstream.lend(false);
              waiter.connected(upstream);
            });
  }

  void released(Upstream upstream) {
    lent--;
    if (upstream.isClosed()) {
      return;
    }
    if (retired) {
      upstream.close();
      return;
    }
    upstream.idleSinceNanos = ticker.nanos();
    idle.addLast(upstream);
  }

  void discarded() {
    lent--;
  }

  void closed(Upstream upstream) {
    open.remove(upstream);
    if (!upstream.isLent()) {
      idle.remove(upstream);
    }
  }

  void closeIdleSince(long nanos) {
    while (!idle.isEmpty() && idle.peekFirst().idleSinceNanos - nanos < 0) {
      idle.pollFirst().close();
    }
  }

  /** Cuts every connection, requests in flight included: the endpoint is lost. */
  public void closeAll() {
    for (Upstream upstream : Set.copyOf(open)) {
      upstream.close();
    }
    idle.clear();
  }

  /** Closes what is idle now and the rest when it comes back. */
  void retire() {
    retired = true;
    Set.copyOf(idle).forEach(Upstream::close);
    idle.clear();
  }

  /** Connections lent to exchanges; the load that the choice between endpoints looks at. */
  public int inFlight() {
    return lent + connecting;
  }

  /** Open connections, idle ones included. */
  public int openConnections() {
    return open.size();
  }
}
