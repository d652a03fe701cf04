package app.avalo.gateway.upstream.http1;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.upstream.AtCeiling;
import app.avalo.gateway.upstream.Connector;
import app.avalo.gateway.upstream.EndpointLoad;
import app.avalo.gateway.upstream.EndpointPool;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/**
 * HTTP/1.1 connections, each lent to one exchange at a time. Last used, first lent: the busy ones
 * stay warm and the others age out.
 */
public final class Http1Pool implements EndpointPool {
  /** More than this from one loop means that the endpoint does not keep up. */
  private static final int CONNECTIONS = 4096;

  private final Connector connector;
  private final Ticker ticker;
  private final EndpointLoad load = new EndpointLoad();
  private final ArrayDeque<Http1Connection> idle = new ArrayDeque<>();
  private final Set<Http1Connection> open = new HashSet<>();
  private int connecting;
  private int lent;
  private boolean retired;

  public Http1Pool(Connector connector, Ticker ticker) {
    this.connector = connector;
    this.ticker = ticker;
  }

  @Override
  public void acquire(Waiter waiter, long idleNanos) {
    for (Http1Connection last = idle.peekLast(); last != null; last = idle.peekLast()) {
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

  @Override
  public void replace(Waiter waiter) {
    connect(waiter);
  }

  @Override
  public void tunnel(Waiter waiter) {
    connect(waiter);
  }

  private void connect(Waiter waiter) {
    if (open.size() + connecting >= CONNECTIONS) {
      waiter.notConnected(AtCeiling.INSTANCE);
      return;
    }
    connecting++;
    connector
        .http1()
        .onComplete(
            (socket, cause) -> {
              connecting--;
              if (socket == null) {
                waiter.notConnected(cause);
                return;
              }
              Http1Connection connection = Http1Connection.on(socket, this);
              open.add(connection);
              lent++;
              connection.lend(false);
              waiter.connected(connection);
            });
  }

  /** It was left clean, for the next exchange. */
  void released(Http1Connection connection) {
    lent--;
    if (retired) {
      connection.close();
      return;
    }
    connection.idleSinceNanos = ticker.nanos();
    idle.addLast(connection);
  }

  /** It was left with something unread or unsent on it. */
  void discarded() {
    lent--;
  }

  void closed(Http1Connection connection) {
    open.remove(connection);
    if (!connection.isLent()) {
      idle.remove(connection);
    }
  }

  @Override
  public void sweep(long idleBeforeNanos) {
    while (!idle.isEmpty() && idle.peekFirst().idleSinceNanos - idleBeforeNanos < 0) {
      idle.pollFirst().close();
    }
  }

  @Override
  public void closeAll() {
    load.lost();
    for (Http1Connection connection : Set.copyOf(open)) {
      if (!connection.isTunnel()) {
        connection.close();
      }
    }
    idle.clear();
  }

  @Override
  public void retire() {
    retired = true;
    Set.copyOf(idle).forEach(Http1Connection::close);
    idle.clear();
  }

  @Override
  public EndpointLoad load() {
    return load;
  }

  @Override
  public int inFlight() {
    return lent + connecting;
  }

  @Override
  public int openConnections() {
    return open.size();
  }
}
