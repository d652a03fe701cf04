package app.avalo.gateway.websocket;

import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.ServiceConfig.WebSocket;
import app.avalo.gateway.deadline.Deadline;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Place;
import app.avalo.gateway.filter.limit.open.MessageMeter;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.EndpointHealth;
import app.avalo.gateway.region.Health;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An open WebSocket: bytes both ways with back-pressure, frames untouched, so that extensions stay
 * a matter between client and service. Frames are followed only to meter messages and to find a
 * place for a close frame.
 */
public final class Tunnel extends Deadline {
  /** How long the other side may take to finish a frame, or to answer a close. */
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(2);

  private final WebSockets open;
  private final Exchange exchange;
  private final Origin origin;
  private final NetSocket client;
  private final NetSocket server;
  private final Place place;
  private final Consumer<@Nullable GatewayError> ended;
  private final @Nullable Channels channels;
  private final FrameScanner fromClient;
  private final FrameScanner fromServer;
  private final ClientRate rate;
  private final Fare fare;
  private final long idleNanos;
  private long activeNanos; // in the future while the client is not read
  private @Nullable CloseFrame closing;
  private Timers.@Nullable Timer closeTimer;
  private boolean serverFull; // client's bytes wait for the server
  private @Nullable Buffer keptUp; // of the client until more money has come
  private @Nullable Buffer kept; // of the service, likewise
  private boolean clientFull; // server's bytes wait for the client
  private boolean moving; // told to, at its deadline
  private boolean serverGone; // without a word, while the client is told to move
  private @Nullable GatewayError loss;
  private boolean whole; // what the server has read, when it began to close
  private boolean said; // that it is closed
  private boolean over;

  /**
   * What serves a tunnel.
   *
   * @param region by name
   * @param endpoint of it
   * @param caller whom it serves there, as in {@link Health#admits}
   * @param protocol the sub-protocol that it agreed to, or null
   * @param extensions that it agreed to, or null
   */
  public record Origin(
      String region,
      EndpointHealth endpoint,
      int caller,
      @Nullable String protocol,
      @Nullable String extensions) {}

  /** Its two sockets. */
  public record Ends(NetSocket client, NetSocket server) {}

  /**
   * A tunnel between two paused sockets.
   *
   * @param open the WebSockets of this loop, which this one joins
   * @param origin what serves it
   * @param place that was acquired for it; it is released by this tunnel
   * @param ended told once when both sides are closed, with what cut it off, or null
   */
  public Tunnel(
      WebSockets open,
      Exchange exchange,
      Origin origin,
      Ends ends,
      Place place,
      Consumer<@Nullable GatewayError> ended) {
    this.open = open;
    this.exchange = exchange;
    this.origin = origin;
    this.client = ends.client();
    this.server = ends.server();
    this.place = place;
    this.ended = ended;
    WebSocket bounds = Objects.requireNonNull(exchange.target()).service().config().webSocket();
    this.channels = Channels.of(origin.protocol(), origin.extensions(), bounds.channels());
    this.fromClient = new FrameScanner(MessageStart.ofClient(channels));
    this.fromServer = new FrameScanner(MessageStart.ofService(channels));
    this.rate = new ClientRate(bounds.messages(), place, open.timers(), now(), this::readClient);
    this.fare = new Fare(exchange, open.ticker(), this::asked);
    this.idleNanos = bounds.idleTimeout().toNanos();
    this.activeNanos = now();
  }

  Origin origin() {
    return origin;
  }

  /** Whether its caller leaves its region; who is bound to the region stays until it is out. */
  boolean leaves(Health.Departure departure) {
    return exchange.pin() == null
        && departure.region().equals(origin.region())
        && departure.includes(origin.caller());
  }

  /** Whether its user has moved to another region; a call goes on where it began. */
  boolean isLeftBehind() {
    Pinned pin = exchange.pin();
    return pin != null
        && pin.contract() != Contract.STAY
        && pin.now().region().ordinal() != pin.region().ordinal();
  }

  /** Lets the bytes flow. */
  public void start() {
    open.opened(this);
    open.deadlines().set(this, nextCheckNanos());
    client.handler(this::up);
    server.handler(this::down);
    client.endHandler(end -> finish(null));
    server.endHandler(end -> serverGone(null));
    client.exceptionHandler(failure -> finish(null));
    server.exceptionHandler(
        failure ->
            serverGone(
                new GatewayError(Kind.UPSTREAM_RESET, "The service cut the WebSocket off.")));
    client.closeHandler(gone -> finish(null));
    // What the service said last may still wait for a slow client; its end comes behind it.
    server.closeHandler(
        gone -> {
          if (!clientFull && kept == null) {
            serverGone(null);
          }
        });
    client.resume();
    server.resume();
  }

  private void up(Buffer bytes) {
    active(now());
    boolean paid = fare.paysUp(bytes.length());
    if (fare.isWaiting()) {
      keptUp = bytes;
      client.pause();
      return;
    }
    closeUnpaid();
    int messages = fromClient.scan(bytes);
    if (!paid || serverGone || closing != null && !fromServer.isClosing()) {
      return;
    }
    exchange.addBytesIn(bytes.length());
    server.write(bytes);
    if (server.writeQueueFull() && !serverFull) {
      serverFull = true;
      client.pause();
      server.drainHandler(
          drained -> {
            serverFull = false;
            readClient();
          });
    }
    long aheadNanos = rate.take(messages, fromClient.controls(), now());
    if (aheadNanos == MessageMeter.TOO_FAR || channels != null && channels.isFull()) {
      close(CloseFrame.POLICY);
    } else if (aheadNanos > 0) {
      client.pause();
      active(now() + aheadNanos); // what it says meanwhile waits, so it is not idle
    }
  }

  private void active(long nanos) {
    activeNanos = Math.max(activeNanos, nanos);
  }

  /** Reads on unless there is another reason not to. */
  private void readClient() {
    if (!rate.isAhead() && !serverFull && keptUp == null) {
      client.resume();
    }
  }

  /**
   * The service is gone. Had it said goodbye, it is over; otherwise it probably died, with all of
   * its neighbours, whose clients must not all come back in the same instant.
   */
  private void serverGone(@Nullable GatewayError why) {
    if (fromServer.isClosing() || closing != null || !fromServer.isAtBoundary()) {
      finish(why);
    } else if (!serverGone) {
      serverGone = true;
      loss = why;
      open.move(this);
    }
  }

  private void down(Buffer bytes) {
    active(now());
    boolean paid = fare.paysDown(bytes.length());
    if (fare.isWaiting()) {
      kept = bytes;
      server.pause();
      return;
    }
    closeUnpaid();
    if (paid) {
      fromServer.scan(bytes);
      passDown(bytes);
    } else if (!fromServer.isAtBoundary()) {
      // Only what ends the frame under way; what comes behind it has not been paid.
      int rest = fromServer.scanToBoundary(bytes);
      if (!fare.ends(rest)) {
        finish(null);
        return;
      }
      passDown(bytes.slice(0, rest));
    }
    CloseFrame wanted = closing;
    if (wanted != null && fromServer.isAtBoundary() && !said) {
      sendClose(wanted);
    }
  }

  private void passDown(Buffer bytes) {
    exchange.addBytesOut(bytes.length());
    client.write(bytes);
    if (client.writeQueueFull() && !clientFull) {
      clientFull = true;
      server.pause();
      client.drainHandler(
          drained -> {
            clientFull = false;
            readServer();
          });
    }
  }

  /** Tells the client at this time to come back elsewhere. */
  void moveAt(long nanos) {
    if (!over && closing == null && !moving) {
      moving = true;
      open.deadlines().set(this, nanos);
    }
  }

  /** Ends it politely: a close frame to both sides as soon as the frames allow. */
  void close(CloseFrame frame) {
    if (over || closing != null) {
      return;
    }
    closing = frame;
    whole = fromClient.isAtBoundary();
    closeTimer = open.timers().after(fare.grace(CLOSE_GRACE), () -> finish(null));
    if (fromServer.isAtBoundary()) {
      sendClose(frame);
    }
  }

  private void sendClose(CloseFrame frame) {
    said = true;
    server.handler(ignored -> {});
    if (keptUp != null) {
      fromClient.scan(keptUp);
    }
    if (!fromServer.isClosing()) {
      client.write(frame.toClient());
    }
    if (!serverGone && whole && !fromClient.isClosing()) {
      server.write(frame.toServer());
    }
    // The client answers with its own close frame and then closes, or the grace time ends it.
    client.handler(
        bytes -> {
          fromClient.scan(bytes);
          if (fromClient.isClosing()) {
            finish(null);
          }
        });
    client.resume();
  }

  @Override
  protected void expired() {
    if (moving || now() - activeNanos >= idleNanos) {
      close(CloseFrame.RESTART);
    } else {
      fare.paysDown(0);
      closeUnpaid();
      if (!over) {
        open.deadlines().set(this, nextCheckNanos());
      }
    }
  }

  private long nextCheckNanos() {
    long idle = activeNanos + idleNanos;
    return closing != null ? idle : fare.nextNanos(now(), idle);
  }

  /** Nobody pays for more. */
  private void closeUnpaid() {
    GatewayError why = fare.why();
    if (why != null && loss == null) {
      loss = why;
      close(CloseFrame.SPENT);
    }
  }

  /** More money has come, or is known not to come. */
  private void asked() {
    Buffer fromBelow = keptUp;
    Buffer fromAbove = kept;
    keptUp = null;
    kept = null;
    if (over || said) {
      return;
    }
    if (fromBelow != null) {
      up(fromBelow);
    }
    if (fromAbove != null && !said) {
      down(fromAbove);
    }
    if (fromBelow == null && fromAbove == null) {
      fare.paysDown(0);
      closeUnpaid();
    }
    readClient();
    readServer();
  }

  /** Reads on unless there is a reason not to. */
  private void readServer() {
    if (!clientFull && kept == null && !over) {
      server.resume();
    }
  }

  private void finish(@Nullable GatewayError error) {
    if (over) {
      return;
    }
    over = true;
    open.deadlines().cancel(this);
    if (closeTimer != null) {
      closeTimer.cancel();
    }
    open.closed(this);
    place.release();
    client.end();
    server.end();
    ended.accept(error == null ? loss : error);
  }

  private long now() {
    return open.ticker().nanos();
  }
}
