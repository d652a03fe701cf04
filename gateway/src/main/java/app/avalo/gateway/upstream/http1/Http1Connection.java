package app.avalo.gateway.upstream.http1;

import app.avalo.gateway.upstream.Fields;
import app.avalo.gateway.upstream.Loss;
import app.avalo.gateway.upstream.UpstreamListener;
import app.avalo.gateway.upstream.UpstreamStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 connection, lent to one exchange at a time. Sits between the codec and the socket,
 * which gets the bytes to itself once both sides have left HTTP behind.
 */
final class Http1Connection extends ChannelInboundHandlerAdapter implements UpstreamStream {
  private static final int HEADER_BYTES = 64 * 1024;
  private static final int CHUNK_BYTES = 64 * 1024;
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int EARLY_HINTS = 103;

  private final NetSocketInternal socket;
  private final Http1Pool pool;
  private final ContextInternal context;
  private final Handler<Object> reader = this::read;
  private final ChannelHandlerContext channel;
  long idleSinceNanos;
  private boolean lent;
  private boolean closed;
  private boolean cut; // what still arrives is not the answer any more
  private boolean reused;
  private final AnswerHead answers = new AnswerHead(this::malformed);
  private @Nullable UpstreamListener listener;
  private @Nullable HttpRequest head; // until it is written
  private boolean chunked;
  private boolean upgrading;
  private boolean requestEnded;
  private boolean interim; // within an answer before the final one
  private @Nullable Fields switching;
  private boolean answered;
  private boolean settled; // whether the listener knows that no more came with the head
  private boolean answerEnded;
  private boolean keepAlive;

  private Http1Connection(NetSocketInternal socket, Http1Pool pool) {
    this.socket = socket;
    this.pool = pool;
    this.context = ContextInternal.current();
    this.channel = socket.channelHandlerContext();
  }

  /** Speaks HTTP/1.1 on a socket that nobody used. */
  static Http1Connection on(NetSocketInternal socket, Http1Pool pool) {
    Http1Connection connection = new Http1Connection(socket, pool);
    HttpDecoderConfig decoder =
        new HttpDecoderConfig()
            .setMaxInitialLineLength(HEADER_BYTES)
            .setMaxHeaderSize(HEADER_BYTES)
            .setMaxChunkSize(CHUNK_BYTES)
            .setInitialBufferSize(1024);
    connection
        .channel
        .pipeline()
        .addBefore("handler", "answers", connection.answers)
        .addBefore("handler", "http", new HttpClientCodec(decoder, false, false))
        .addBefore("handler", "upstream", connection);
    connection.channel.channel().closeFuture().addListener(gone -> connection.gone());
    return connection;
  }

  boolean isClosed() {
    return closed;
  }

  /** Whether it has left HTTP behind; whoever uses it ends it. */
  boolean isTunnel() {
    return switching != null;
  }

  boolean isLent() {
    return lent;
  }

  void lend(boolean again) {
    answers.expect();
    lent = true;
    reused = again;
    upgrading = false;
    requestEnded = false;
    answered = false;
    answerEnded = false;
    keepAlive = true;
  }

  void close() {
    if (!closed) {
      cut = true;
      socket.close();
      gone();
    }
  }

  private void gone() {
    if (!closed) {
      closed = true;
      pool.closed(this);
    }
  }

  @Override
  public void listen(UpstreamListener told) {
    listener = told;
  }

  @Override
  public boolean isHttp2() {
    return false;
  }

  @Override
  public boolean isReused() {
    return reused;
  }

  @Override
  public void head(HttpMethod method, String uri, MultiMap headers) {
    head =
        new DefaultHttpRequest(HttpVersion.HTTP_1_1, method.toNetty(), uri, (HttpHeaders) headers);
    chunked = false;
  }

  @Override
  public void sendHead() {
    writeHead();
    channel.flush();
  }

  private void writeHead() {
    HttpRequest unsent = head;
    if (unsent != null) {
      head = null;
      if (!upgrading && !unsent.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
        chunked = true;
        unsent.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
      }
      channel.write(unsent, channel.voidPromise());
    }
  }

  @Override
  public void upgrade() {
    upgrading = true;
    writeHead();
    requestEnded = true;
    channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT, channel.voidPromise());
  }

  @Override
  public void write(Buffer chunk) {
    writeHead();
    channel.writeAndFlush(new DefaultHttpContent(bytes(chunk)), channel.voidPromise());
  }

  @Override
  public void end(@Nullable Buffer last, @Nullable MultiMap trailers) {
    requestEnded = true;
    ByteBuf content = last == null ? Unpooled.EMPTY_BUFFER : bytes(last);
    HttpRequest unsent = head;
    HttpObject message;
    if (unsent != null && trailers == null) {
      head = null;
      message =
          new DefaultFullHttpRequest(
              HttpVersion.HTTP_1_1,
              unsent.method(),
              unsent.uri(),
              content,
              unsent.headers(),
              EmptyHttpHeaders.INSTANCE);
    } else {
      writeHead();
      // With a length in the head there is no place for trailers (RFC 9112, 7.1.2).
      message =
          trailers == null || !chunked
              ? new DefaultLastHttpContent(content)
              : new DefaultLastHttpContent(content, (HttpHeaders) trailers);
    }
    channel.writeAndFlush(message, channel.voidPromise());
  }

  private static ByteBuf bytes(Buffer buffer) {
    return ((BufferInternal) buffer).getByteBuf();
  }

  @Override
  public boolean isFull() {
    return !channel.channel().isWritable();
  }

  @Override
  public void pause() {
    channel.channel().config().setAutoRead(false);
  }

  @Override
  public void resume() {
    channel.channel().config().setAutoRead(true);
  }

  @Override
  public void leave() {
    if (!lent) {
      return;
    }
    lent = false;
    listener = null;
    if (requestEnded && answerEnded && keepAlive && !closed) {
      resume();
      pool.released(this);
    } else {
      pool.discarded();
      close();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    context.emit(message, reader);
  }

  private void read(Object message) {
    UpstreamListener told = listener;
    if (told == null || cut) {
      ReferenceCountUtil.release(message);
      // Nobody asked for it.
      close();
    } else if (((HttpObject) message).decoderResult().isFailure()) {
      ReferenceCountUtil.release(message);
      lose(Loss.PROTOCOL);
    } else if (message instanceof HttpResponse answer) {
      head(told, answer);
    } else if (message instanceof HttpContent content) {
      content(told, content);
    }
  }

  private void head(UpstreamListener told, HttpResponse answer) {
    int status = answer.status().code();
    Fields fields = answer.headers()::iteratorCharSequence;
    if (answerEnded || !isKnown(answer.protocolVersion()) || !AnswerHead.isPlainlyFramed(answer)) {
      lose(Loss.PROTOCOL);
    } else if (status >= 200) {
      answered = true;
      settled = false;
      // A refused upgrade leaves the client's end waiting for more than this connection can give.
      keepAlive =
          !upgrading
              && answer.protocolVersion().minorVersion() == 1
              && HttpUtil.isKeepAlive(answer);
      told.head(status, fields);
    } else if (status == SWITCHING_PROTOCOLS) {
      if (upgrading) {
        switching = fields;
      } else {
        lose(Loss.PROTOCOL);
      }
    } else {
      interim = true;
      if (status == EARLY_HINTS) {
        told.hints(fields);
      }
    }
  }

  private void malformed() {
    context.emit(head -> lose(Loss.PROTOCOL));
  }

  private static boolean isKnown(HttpVersion version) {
    return version.majorVersion() == 1 && version.minorVersion() <= 1;
  }

  private void content(UpstreamListener told, HttpContent content) {
    boolean last = content instanceof LastHttpContent;
    if (interim || switching != null) {
      content.release();
      Fields fields = switching;
      if (last && fields != null) {
        toSocket();
        told.switched(fields, socket);
      }
      interim = interim && !last;
      return;
    }
    if (content.content().isReadable()) {
      settled = true;
      // Takes the content over.
      told.chunk(BufferInternal.safeBuffer(content.content()));
    } else {
      content.release();
    }
    if (last && !cut && listener == told) {
      answerEnded = true;
      settled = true;
      HttpHeaders trailers = ((LastHttpContent) content).trailingHeaders();
      told.end(trailers.isEmpty() ? null : trailers::iteratorCharSequence);
    }
  }

  /** Hands the bytes over to the socket, those behind the handshake first. */
  private void toSocket() {
    socket.pause();
    ChannelPipeline pipeline = channel.pipeline();
    pipeline.remove(this);
    HttpClientCodec codec = pipeline.get(HttpClientCodec.class);
    ChannelHandlerContext at = Objects.requireNonNull(pipeline.context(codec));
    codec.prepareUpgradeFrom(at);
    codec.upgradeFrom(at);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (answered && !settled) {
      settled = true;
      context.emit(
          told -> {
            if (listener != null) {
              listener.settled();
            }
          });
    }
    ctx.fireChannelReadComplete();
  }

  private void lose(Loss loss) {
    UpstreamListener told = listener;
    cut = true;
    if (told != null && !answerEnded) {
      answerEnded = true;
      keepAlive = false;
      told.lost(loss);
    }
    close();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    UpstreamListener told = listener;
    if (told != null && ctx.channel().isWritable()) {
      context.emit(writable -> told.drained());
    }
    ctx.fireChannelWritabilityChanged();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A body that ends with the connection must not look whole when that was torn off.
    cut = true;
    ctx.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    context.emit(inactive -> lose(Loss.CLOSED));
    ctx.fireChannelInactive();
  }
}
