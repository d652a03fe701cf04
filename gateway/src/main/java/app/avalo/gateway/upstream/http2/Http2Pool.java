package app.avalo.gateway.upstream.http2;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.upstream.AtCeiling;
import app.avalo.gateway.upstream.Connector;
import app.avalo.gateway.upstream.EndpointLoad;
import app.avalo.gateway.upstream.EndpointPool;
import app.avalo.gateway.upstream.http1.Http1Pool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Few HTTP/2 connections, shared by all exchanges. The first with room is used, so that others age
 * out; a further one is opened only when all are full.
 */
public final class Http2Pool implements EndpointPool {
  /** More than this from one loop means that the endpoint does not keep up. */
  private static final int CONNECTIONS = 64;

  /** Exchanges for which one connection is opened, before the endpoint says how many it takes. */
  private static final int EXPECTED_STREAMS = 100;

  private final Connector connector;
  private final Ticker ticker;
  private final EndpointLoad load = new EndpointLoad();
  private final Http1Pool tunnels;
  private final List<Http2Session> serving = new ArrayList<>();
  private final Set<Http2Session> open = new HashSet<>();
  private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
  private int connecting;
  private int lent;
  private boolean retired;

  public Http2Pool(Connector connector, Ticker ticker) {
    this.connector = connector;
    this.ticker = ticker;
    this.tunnels = new Http1Pool(connector, ticker);
  }

  @Override
  public void acquire(Waiter waiter, long idleNanos) {
    Http2Session session = withRoom();
    if (session != null) {
      lend(session, waiter);
      return;
    }
    waiting.addLast(waiter);
    connectForWaiting();
  }

  /** A dead connection is not among those that serve, so any will do. */
  @Override
  public void replace(Waiter waiter) {
    acquire(waiter, 0);
  }

  @Override
  public void tunnel(Waiter waiter) {
    tunnels.tunnel(waiter);
  }

  private @Nullable Http2Session withRoom() {
    for (int i = 0; i < serving.size(); i++) {
      Http2Session session = serving.get(i);
      if (session.hasRoom()) {
        return session;
      }
    }
    return null;
  }

  private void lend(Http2Session session, Waiter waiter) {
    lent++;
    waiter.connected(session.lend());
  }

  private void connectForWaiting() {
    if (waiting.size() <= connecting * EXPECTED_STREAMS) {
      return;
    }
    if (open.size() + connecting >= CONNECTIONS) {
      if (connecting == 0) {
        refuseWaiting(AtCeiling.INSTANCE);
      }
      return;
    }
    connecting++;
    connector
        .http2()
        .onComplete(
            (socket, cause) -> {
              if (socket == null) {
                failed(cause);
              } else {
                Http2Session.open(socket, this, connector, ticker);
              }
            });
  }

  /** A connection is there; it will be ready, or closed. */
  void opened(Http2Session session) {
    open.add(session);
  }

  /** A connection has its settings and serves. */
  void ready(Http2Session session) {
    connecting--;
    serving.add(session);
    while (!waiting.isEmpty() && session.hasRoom()) {
      lend(session, waiting.pollFirst());
    }
    if (!waiting.isEmpty()) {
      connectForWaiting();
    } else if (retired) {
      session.closeWhenUnused();
    }
  }

  /** A connection could not be had, or ended before it served. */
  void failed(Throwable cause) {
    connecting--;
    if (connecting == 0) {
      refuseWaiting(cause);
    }
  }

  private void refuseWaiting(Throwable cause) {
    // Those who are refused may come back at once.
    for (int refused = waiting.size(); refused > 0; refused--) {
      waiting.removeFirst().notConnected(cause);
    }
  }

  /** An exchange has left its connection. */
  void left(Http2Session session) {
    lent--;
    if (retired) {
      session.closeWhenUnused();
    }
  }

  /** Nothing new may be sent on it. */
  void gone(Http2Session session) {
    serving.remove(session);
  }

  void closed(Http2Session session) {
    serving.remove(session);
    open.remove(session);
  }

  @Override
  public void sweep(long idleBeforeNanos) {
    tunnels.sweep(idleBeforeNanos);
    for (Http2Session session : Set.copyOf(open)) {
      session.sweep(idleBeforeNanos);
    }
  }

  @Override
  public void closeAll() {
    load.lost();
    tunnels.closeAll();
    Set.copyOf(open).forEach(Http2Session::cut);
  }

  @Override
  public void retire() {
    retired = true;
    tunnels.retire();
    List.copyOf(serving).forEach(Http2Session::closeWhenUnused);
  }

  @Override
  public EndpointLoad load() {
    return load;
  }

  @Override
  public int inFlight() {
    return lent + waiting.size() + tunnels.inFlight();
  }

  @Override
  public int openConnections() {
    return open.size() + tunnels.openConnections();
  }
}
