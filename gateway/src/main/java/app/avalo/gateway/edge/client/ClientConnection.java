package app.avalo.gateway.edge.client;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.deadline.Deadline;
import app.avalo.gateway.deadline.DeadlineWheel;
import app.avalo.gateway.edge.tls.ClientCertificates;
import app.avalo.gateway.edge.wire.HeadListener;
import app.avalo.gateway.edge.wire.LingeringClose;
import app.avalo.gateway.edge.wire.ResponseEncoder;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.client.ClientCertificate;
import app.avalo.gateway.filter.time.Ticker;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.codec.DecoderException;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.impl.Http1xServerConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client connection: what is found out once instead of per request, and its own deadline for
 * everything that a client may draw out beside a request. Confined to its loop.
 */
public final class ClientConnection extends Deadline implements HeadListener {
  private static final AttributeKey<ClientConnection> KEY =
      AttributeKey.valueOf(ClientConnection.class, "client");

  /** How long the requests of a connection that had its share may still take. */
  private static final Duration LAST_REQUESTS = Duration.ofSeconds(60);

  /** Ends the request as a client that leaves would; what it is told shows {@link #isBroken}. */
  private static final DecoderException MALFORMED_BODY = new DecoderException("malformed body");

  /** How long a client may take to notice that it was refused. */
  public static final Duration LINGER = Duration.ofSeconds(2);

  private final Channel channel;
  private final IpAddress peer;
  private final boolean direct; // the client itself is at the other end
  private final ListenerConfig.Bounds bounds;
  private final DeadlineWheel deadlines;
  private final Ticker ticker;
  private @Nullable HttpConnection connection; // once its protocol is known
  private @Nullable ClientCertificate certificate; // the same
  private @Nullable ResponseEncoder encoder; // of HTTP/1
  private @Nullable Plan judgedBy;
  private boolean trusted;
  private boolean closing;
  private boolean broken;
  private boolean lingering;
  private boolean gone;
  private int requests;
  private int roundTripMicros; // least so far, 0 before the first
  private int inFlight;
  private @Nullable Runnable waiting; // for an answer
  private long headSinceNanos; // 0: no head is awaited
  private long endedNanos; // when the last exchange ended, 0 before

  ClientConnection(
      Channel channel,
      IpAddress peer,
      boolean direct,
      ListenerConfig.Bounds bounds,
      DeadlineWheel deadlines,
      Ticker ticker) {
    this.channel = channel;
    this.peer = peer;
    this.direct = direct;
    this.bounds = bounds;
    this.deadlines = deadlines;
    this.ticker = ticker;
    channel.attr(KEY).set(this);
    headBegan();
  }

  /** What was made of a connection when it was accepted; null once it is closed. */
  public static @Nullable ClientConnection of(HttpConnection connection) {
    ClientConnection client = ((ConnectionBase) connection).channel().attr(KEY).get();
    return client.gone ? null : client;
  }

  /** Its protocol is known now. */
  void speaks(HttpConnection connection, ListenerConfig listener) {
    this.connection = connection;
    certificate = ClientCertificates.of(connection, listener.tls());
  }

  public IpAddress peer() {
    return peer;
  }

  /** Behind the headers of its next answer, or null where there is no such place. */
  public Reply.@Nullable Lines lines() {
    return encoder;
  }

  /** Another answer is given instead of the one that had lines. */
  public void dropLines() {
    if (encoder != null) {
      encoder.drop();
    }
  }

  /** Its answers are written by this. */
  void writes(@Nullable ResponseEncoder encoder) {
    this.encoder = encoder;
  }

  /** Who the client proved to be by TLS, or null. */
  public @Nullable ClientCertificate certificate() {
    return certificate;
  }

  public ListenerConfig.Bounds bounds() {
    return bounds;
  }

  Channel channel() {
    return channel;
  }

  /** Whether the peer's forwarding headers are believed under this plan. */
  public boolean isTrusted(Plan plan) {
    if (judgedBy != plan) {
      judgedBy = plan;
      trusted = plan.trustedHops().contains(peer);
    }
    return trusted;
  }

  /**
   * The round trip to the client, told once: with the request that completes the readings. 0 with
   * the others, where the peer only speaks for the client, and where nobody asks.
   */
  public int roundTripMicros(Plan plan) {
    boolean wanted = plan.config().placing().latency().here() != null;
    if (requests > RoundTrip.READINGS || !wanted || !direct || isTrusted(plan)) {
      return 0;
    }
    roundTripMicros = RoundTrip.least(roundTripMicros, channel);
    return requests == RoundTrip.READINGS ? roundTripMicros : 0;
  }

  private boolean isHttp2() {
    return connection != null && !(connection instanceof Http1xServerConnection);
  }

  /** A request begins. */
  public void begins() {
    requests++;
    inFlight++;
    if (requests == bounds.connections().requests() && isHttp2()) {
      shutDown(LAST_REQUESTS);
    }
  }

  /** Whether it had its share of requests. */
  public boolean isLast() {
    return requests >= bounds.connections().requests();
  }

  /** An exchange ended, though its answer may still be on the way out. */
  public void ended() {
    inFlight--;
    if (waiting != null) {
      channel.eventLoop().execute(waiting);
      waiting = null;
    }
    if (inFlight == 0 && headSinceNanos == 0 && (!lingering || isStuck())) {
      endedNanos = ticker.nanos();
      deadlines.set(this, endedNanos + bounds.connections().idle().toNanos());
    }
  }

  /** Nothing that still arrives may be read as a request: the answer said close. */
  public void closing() {
    closing = true;
  }

  public boolean isClosing() {
    return closing;
  }

  /** Whether the client does not take what is there for it. */
  private boolean isStuck() {
    ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
    return out != null && out.size() > 0;
  }

  /** The answer that ends this connection must arrive, whatever else the client still sends. */
  public void lingers() {
    if (!lingering) {
      lingering = true;
      LingeringClose.install(channel, () -> deadlines.set(this, ticker.nanos() + LINGER.toNanos()));
    }
  }

  /** Whether no byte that still arrives can be understood. */
  public boolean isBroken() {
    return broken;
  }

  @Override
  public void headBegan() {
    if (headSinceNanos == 0) {
      headSinceNanos = ticker.nanos();
      deadlines.set(this, headSinceNanos + bounds.head().timeout().toNanos());
    }
  }

  @Override
  public void headEnded() {
    if (headSinceNanos != 0) {
      headSinceNanos = 0;
      deadlines.cancel(this);
    }
  }

  @Override
  public void bodyBroken() {
    broken = true;
    closing();
    if (connection instanceof Http1xServerConnection http1) {
      http1.handleException(MALFORMED_BODY);
    }
  }

  @Override
  public boolean areAnswered(int heads, Runnable otherwise) {
    boolean answered = requests - inFlight >= heads;
    waiting = answered ? null : otherwise;
    return answered;
  }

  /** No head came in time, the client takes no answer, or asks for nothing. */
  @Override
  protected void expired() {
    if (headSinceNanos != 0 || lingering || inFlight == 0 && !isHttp2()) {
      channel.close();
    } else if (inFlight == 0) {
      // What may be left are answers that the client does not take.
      shutDown(LINGER);
    }
  }

  private void shutDown(Duration patience) {
    if (connection != null) {
      connection.shutdown(patience.toSeconds(), TimeUnit.SECONDS);
    }
  }

  void gone() {
    gone = true;
    deadlines.cancel(this);
  }
}
