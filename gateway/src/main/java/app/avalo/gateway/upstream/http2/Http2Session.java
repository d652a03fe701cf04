package app.avalo.gateway.upstream.http2;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.upstream.Connector;
import app.avalo.gateway.upstream.Loss;
import app.avalo.gateway.upstream.UpstreamStream;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.vertx.core.Handler;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 connection (RFC 9113), shared by exchanges. What they write within one turn of the
 * loop leaves in one flush.
 */
final class Http2Session extends Http2ConnectionHandler {
  private static final int CONNECTION_WINDOW = 4 << 20;

  /** Streams at once, whatever the endpoint allows. */
  private static final int STREAMS = 1000;

  /** No new streams from here on; their numbers cannot be used again. */
  private static final int LAST_STREAM = Integer.MAX_VALUE - 10 * STREAMS;

  /** An endpoint that leaves a ping without an answer for so long is dead. */
  private static final long PONG_NANOS = 5_000_000_000L;

  /** The endpoint's settings have to come so long after the connect time-out. */
  private static final long SETTINGS_NANOS = 1_000_000_000L;

  private final Http2Pool pool;
  private final Ticker ticker;
  private final ContextInternal context = ContextInternal.current();
  private final Http2Connection.PropertyKey key;
  private final InboundWindow window;
  private final ArrayDeque<Http2Exchange> unsettled = new ArrayDeque<>();
  private final Handler<Object> reader = this::read;
  private final Runnable flusher = this::flushNow;
  private final String scheme;
  private final long settingsDueNanos;
  private @Nullable ChannelHandlerContext channel; // once added to the pipeline
  private long readNanos;
  private long pingNanos; // when a ping was sent that nothing has followed yet, or 0
  private long unusedNanos;
  private int lent;
  private boolean ready;
  private boolean served; // an answer has come over it
  private boolean going; // nothing new may be sent
  private boolean closed;
  private boolean reading;
  private boolean flushing;

  Http2Session(
      SessionBuilder parts,
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings) {
    super(decoder, encoder, settings);
    pool = parts.pool;
    ticker = parts.ticker;
    scheme = parts.connector.isTls() ? "https" : "http";
    readNanos = ticker.nanos();
    settingsDueNanos = readNanos + parts.connector.patience().toNanos() + SETTINGS_NANOS;
    Http2Connection connection = encoder.connection();
    key = connection.newKey();
    window = new InboundWindow(connection, decoder);
    SessionEvents events = new SessionEvents(this);
    decoder.frameListener(events);
    connection.addListener(events);
    encoder.flowController().listener(this::writabilityChanged);
  }

  /** Speaks HTTP/2 on a socket that nobody used; the pool is told when it serves, or failed. */
  static void open(NetSocketInternal socket, Http2Pool pool, Connector connector, Ticker ticker) {
    Http2Session session = new SessionBuilder(pool, connector, ticker).make();
    pool.opened(session);
    ChannelHandlerContext context = socket.channelHandlerContext();
    context.pipeline().addBefore("handler", "upstream", session);
    // The pipeline does not tell of a close that came before.
    context
        .channel()
        .closeFuture()
        .addListener(end -> session.context.emit(gone -> session.gone()));
  }

  boolean hasRoom() {
    return ready
        && !going
        && pingNanos == 0
        && !window.isCrowded()
        && lent < Math.min(STREAMS, connection().local().maxActiveStreams());
  }

  /** A stream for one exchange; there must be room. */
  UpstreamStream lend() {
    lent++;
    if (connection().local().lastStreamCreated() > LAST_STREAM) {
      closeWhenUnused();
    }
    return new Http2Exchange(this, served);
  }

  String scheme() {
    return scheme;
  }

  /** Opens a stream by its head; null when the endpoint has just changed its mind about room. */
  @Nullable Http2Stream open(Http2Exchange exchange, Http2Headers head, boolean end) {
    Http2Connection.Endpoint<?> local = connection().local();
    int id = local.incrementAndGetNextStreamId();
    try {
      Http2Stream stream = local.createStream(id, false);
      stream.setProperty(key, exchange);
      encoder().writeHeaders(at(), id, head, 0, end, at().newPromise());
      flushSoon();
      return stream;
    } catch (Http2Exception full) {
      context.runOnContext(later -> exchange.lost(Loss.REFUSED));
      return null;
    }
  }

  void write(Http2Stream stream, ByteBuf bytes, boolean end) {
    encoder().writeData(at(), stream.id(), bytes, 0, end, at().newPromise());
    flushSoon();
  }

  void writeTrailers(Http2Stream stream, Http2Headers trailers) {
    encoder().writeHeaders(at(), stream.id(), trailers, 0, true, at().newPromise());
    flushSoon();
  }

  boolean isFull(Http2Stream stream) {
    return !encoder().flowController().isWritable(stream);
  }

  void hold(int bytes) {
    try {
      window.hold(bytes);
    } catch (Http2Exception broken) {
      onError(at(), false, broken);
    }
  }

  void consume(Http2Stream stream, int bytes) {
    try {
      window.release(stream, bytes);
      flushSoon();
    } catch (Http2Exception broken) {
      onError(at(), false, broken);
    }
  }

  /** Cuts one stream off, so that the endpoint stops working on it. */
  void reset(Http2Stream stream, long sentNanos) {
    resetStream(at(), stream.id(), Http2Error.CANCEL.code(), at().newPromise());
    if (readNanos - sentNanos < 0 && pingNanos == 0) {
      // Nothing at all came since: is it the exchange that is slow, or the connection dead?
      pingNanos = ticker.nanos();
      encoder().writePing(at(), false, pingNanos, at().newPromise());
    }
    flushSoon();
  }

  void served() {
    served = true;
  }

  void left() {
    lent--;
    if (lent == 0) {
      unusedNanos = ticker.nanos();
    }
    pool.left(this);
    closeIfUnused();
  }

  long nanos() {
    return ticker.nanos();
  }

  /** Lets its exchanges end and takes no more. */
  void closeWhenUnused() {
    going = true;
    pool.gone(this);
    closeIfUnused();
  }

  private void closeIfUnused() {
    if (going && lent == 0 && !closed) {
      closed = true;
      try {
        // Not the channel's own: this says GOAWAY first.
        close(at(), at().newPromise());
      } catch (Exception broken) {
        at().close();
      }
    }
  }

  /** Closes at once; exchanges in flight are lost. */
  void cut() {
    going = true;
    pool.gone(this);
    at().close();
  }

  void sweep(long idleBeforeNanos) {
    long now = ticker.nanos();
    boolean dead = ready ? pingNanos != 0 && now - pingNanos > PONG_NANOS : now > settingsDueNanos;
    if (dead) {
      cut();
    } else if (ready && lent == 0 && unusedNanos - idleBeforeNanos < 0) {
      closeWhenUnused();
    }
  }

  private ChannelHandlerContext at() {
    return Objects.requireNonNull(channel);
  }

  private void flushSoon() {
    // The end of a read flushes anyway.
    if (!reading && !flushing) {
      flushing = true;
      at().executor().execute(flusher);
    }
  }

  private void flushNow() {
    flushing = false;
    flush(at());
  }

  /** The endpoint has said how it wants to be used. */
  void serve() {
    if (!ready) {
      ready = true;
      unusedNanos = ticker.nanos();
      pool.ready(this);
    }
  }

  /**
   * An exchange has had the head of its answer, and wants to know if nothing more comes with it.
   */
  void unsettled(Http2Exchange exchange) {
    unsettled.add(exchange);
  }

  @Nullable Http2Exchange exchange(int streamId) {
    return exchange(connection().stream(streamId));
  }

  @Nullable Http2Exchange exchange(@Nullable Http2Stream stream) {
    return stream == null ? null : stream.getProperty(key);
  }

  private void writabilityChanged(Http2Stream stream) {
    Http2Exchange exchange = exchange(stream);
    if (exchange != null && encoder().flowController().isWritable(stream)) {
      context.emit(writable -> exchange.drained());
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    channel = ctx;
    super.handlerAdded(ctx);
    window.open(CONNECTION_WINDOW);
    ctx.flush();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    reading = true;
    readNanos = ticker.nanos();
    pingNanos = 0;
    context.emit(message, reader);
  }

  private void read(Object message) {
    try {
      super.channelRead(at(), message);
    } catch (Exception broken) {
      onError(at(), false, broken);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
    if (!unsettled.isEmpty()) {
      context.emit(
          read -> {
            for (Http2Exchange one = unsettled.poll(); one != null; one = unsettled.poll()) {
              one.settled();
            }
          });
    }
    super.channelReadComplete(ctx);
    reading = false;
  }

  private void gone() {
    going = true;
    closed = true;
    pool.closed(this);
    if (!ready) {
      pool.failed(new ClosedChannelException());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    going = true;
    pool.gone(this);
    context.emit(
        inactive -> {
          try {
            super.channelInactive(ctx);
          } catch (Exception broken) {
            ctx.close();
          }
        });
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }

  @Override
  protected void onStreamError(
      ChannelHandlerContext ctx,
      boolean outbound,
      Throwable cause,
      Http2Exception.StreamException error) {
    Http2Exchange exchange = exchange(error.streamId());
    if (exchange != null) {
      exchange.lost(outbound ? Loss.CLOSED : Loss.PROTOCOL);
    }
    super.onStreamError(ctx, outbound, cause, error);
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext ctx,
      boolean outbound,
      Throwable cause,
      @Nullable Http2Exception error) {
    going = true;
    pool.gone(this);
    loseAll(outbound ? Loss.CLOSED : Loss.PROTOCOL);
    super.onConnectionError(ctx, outbound, cause, error);
  }

  private void loseAll(Loss loss) {
    try {
      connection()
          .forEachActiveStream(
              stream -> {
                Http2Exchange exchange = exchange(stream);
                if (exchange != null) {
                  exchange.lost(loss);
                }
                return true;
              });
    } catch (Http2Exception broken) {
      at().close();
    }
  }
}
