package app.avalo.gateway.forward;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.deadline.DeadlineWheel;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Full;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Place;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Verdict;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.forward.body.BodyRoom;
import app.avalo.gateway.forward.body.RequestBody;
import app.avalo.gateway.forward.choice.Destinations;
import app.avalo.gateway.forward.choice.RegionChoice;
import app.avalo.gateway.forward.choice.Waiting;
import app.avalo.gateway.forward.head.TraceIds;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import app.avalo.gateway.upstream.EndpointPool;
import app.avalo.gateway.upstream.UpstreamPool;
import app.avalo.gateway.websocket.WebSockets;
import io.netty.util.AsciiString;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes admitted exchanges to a region; one per event loop. */
public final class Forwarder {
  private final Health health;
  private final UpstreamPool pool;
  private final Ticker ticker;
  private final DeadlineWheel deadlines;
  private final Responder responder;
  private final WebSockets webSockets;
  private final int loops; // of this process
  private final TraceIds traces = new TraceIds();
  private final Waiting waiting;
  private final Set<Forwarding> streams = new HashSet<>();
  private final BodyRoom bodyRoom = BodyRoom.ofHeap();
  private @Nullable Destinations destinations;
  // Of the plan before; exchanges that a filter held over a reload still go by it.
  private @Nullable Destinations previous;
  private int random;
  private long retries;

  public Forwarder(
      Health health,
      UpstreamPool pool,
      DeadlineWheel deadlines,
      Responder responder,
      WebSockets webSockets,
      int loops) {
    this.health = health;
    this.pool = pool;
    this.ticker = deadlines.ticker();
    this.deadlines = deadlines;
    this.responder = responder;
    this.webSockets = webSockets;
    this.loops = loops;
    this.waiting = new Waiting(loops);
    this.random = (int) ticker.nanos() | 1;
  }

  /** Adds the choice of region to an exchange that is only explained. */
  public void explain(Exchange exchange) {
    RegionChoice.explain(exchange, destinations(exchange.plan()));
  }

  /** Of two regions about as good for a caller of a service, the one it would be forwarded to. */
  public Region better(Exchange exchange, Service service, Region one, Region other) {
    return RegionChoice.better(exchange, service, one, other, destinations(exchange.plan()));
  }

  /** Forwards a live exchange. */
  public void forward(Exchange exchange) {
    Destinations destinations = destinations(exchange.plan());
    HttpServerRequest request = Objects.requireNonNull(exchange.request());
    Service service = Objects.requireNonNull(exchange.target()).service();
    Place webSocket = null;
    Place stream = null;
    if (isUpgrade(request)) {
      Verdict verdict =
          webSockets
              .ceilings()
              .webSockets()
              .tryAcquire(
                  service.name(),
                  exchange.caller().name(),
                  service.config().webSocket(),
                  exchange.startNanos());
      if (verdict instanceof Full full) {
        responder.local(exchange, Reply.Local.of(Errors.tooManyWebSockets(service, full)));
        return;
      }
      webSocket = (Place) verdict;
    } else if (exchange.grpc() != null) {
      Verdict verdict = stream(exchange, service);
      if (verdict instanceof Full full) {
        responder.local(exchange, Reply.Local.of(Errors.tooManyStreams(service, full)));
        return;
      }
      stream = (Place) verdict;
    }
    new Forwarding(this, exchange, request, destinations, webSocket, stream).start();
  }

  /** A place for an answer that may go on, or none. */
  Verdict stream(Exchange exchange, Service service) {
    return webSockets
        .ceilings()
        .streams()
        .tryAcquire(service.name(), exchange.caller().name(), service.config().streams());
  }

  /**
   * Whether a request asks to become a WebSocket; other upgrades are not offered upstream. One with
   * a body does not: what follows its head would have two meanings.
   */
  private static boolean isUpgrade(HttpServerRequest request) {
    return request.version() == HttpVersion.HTTP_1_1
        && request.method() == HttpMethod.GET
        && request.headers().contains(HttpHeaders.UPGRADE)
        && "websocket".equalsIgnoreCase(request.headers().get(HttpHeaders.UPGRADE))
        && namesUpgrade(request.headers().get(HttpHeaders.CONNECTION))
        && !RequestBody.isPresent(request);
  }

  /** Loosely, as the server that will be asked to give its socket away reads it. */
  private static boolean namesUpgrade(@Nullable String connection) {
    return connection != null && AsciiString.containsIgnoreCase(connection, HttpHeaders.UPGRADE);
  }

  private Destinations destinations(Plan plan) {
    Destinations current = destinations;
    if (current != null && current.plan() == plan) {
      return current;
    }
    if (previous != null && previous.plan() == plan) {
      return previous;
    }
    Destinations made = new Destinations(plan, health, pool, loops, ticker.nanos());
    previous = current;
    destinations = made;
    Set<EndpointPool> used = made.pools();
    if (current != null) {
      used.addAll(current.pools());
    }
    pool.retain(used);
    return made;
  }

  /** Cuts every connection of this loop to a lost region; called on this loop. */
  public void cut(String region) {
    if (destinations != null) {
      destinations.cut(region);
    }
    if (previous != null) {
      previous.cut(region);
    }
    webSockets.moved(region);
  }

  /** Cuts every connection of this loop to a lost endpoint; called on this loop. */
  public void cut(EndpointHealth endpoint) {
    if (destinations != null) {
      destinations.cut(endpoint);
    }
    if (previous != null) {
      previous.cut(endpoint);
    }
    webSockets.moved(endpoint);
  }

  /** Tells the WebSockets of this loop whose callers leave a region; called on this loop. */
  public void move(Health.Departure departure) {
    webSockets.moved(departure);
  }

  /** Tells the WebSockets and streams of this loop whose users have moved; called on this loop. */
  public void follow() {
    webSockets.follow();
    streams.forEach(Forwarding::follow);
  }

  /** Answers that flow for users who may move. */
  Set<Forwarding> streams() {
    return streams;
  }

  Ticker ticker() {
    return ticker;
  }

  DeadlineWheel deadlines() {
    return deadlines;
  }

  Responder responder() {
    return responder;
  }

  /** Pinned exchanges of this loop that wait for their region. */
  public Waiting waiting() {
    return waiting;
  }

  BodyRoom bodyRoom() {
    return bodyRoom;
  }

  TraceIds traces() {
    return traces;
  }

  WebSockets webSockets() {
    return webSockets;
  }

  void countRetry() {
    retries++;
  }

  /** Attempts after the first, of all exchanges of this loop. */
  public long retries() {
    return retries;
  }

  /** Next bits of a xorshift generator (Marsaglia); good enough to draw endpoints. */
  int random() {
    int x = random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    random = x;
    return x;
  }
}
