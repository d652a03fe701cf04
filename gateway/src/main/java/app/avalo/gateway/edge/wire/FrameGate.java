package app.avalo.gateway.edge.wire;

import app.avalo.gateway.filter.time.Ticker;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the nine bytes before every frame of an HTTP/2 client, ahead of the codec. Frames that
 * carry neither a request nor a body have a budget, heads have a time, and a stream that was closed
 * is not opened again. Nothing is copied or held back; a connection that is not HTTP/2 after all
 * loses the gate with its first bytes.
 */
public final class FrameGate extends ChannelDuplexHandler {
  /** Vert.x's own handlers of a new connection; its codecs come before the first that is there. */
  private static final List<String> NEXT = List.of("chunkedWriter", "handler");

  private static final int HEADER = 9;
  private static final long WINDOW_NANOS = 10_000_000_000L;

  /**
   * An answer of so many bytes pays for one WINDOW_UPDATE; clients send two per frame they read.
   */
  private static final int BYTES_PER_UPDATE = 512;

  private static final int END_STREAM = 0x1;
  private static final int END_HEADERS = 0x4;

  /** Streams with a body that nobody ended; more than this, and the ones long gone are dropped. */
  private static final int OPEN_BODIES = 1024;

  private final int controlFrames;
  private final Ticker ticker;
  private final HeadListener listener;
  private final Runnable notHttp2;
  private final ByteBuf preface = Http2CodecUtil.connectionPrefaceBuf();
  private final IntObjectMap<Boolean> openBodies = new IntObjectHashMap<>();
  private boolean prefaceRead;
  private boolean refused;
  private long header; // type, flags and stream of the frame that is being read
  private int headerRead;
  private int length;
  private int left; // of the frame's payload
  private boolean inHeadFrame;
  private boolean headOpen; // more of its frames must follow
  private boolean headSeen; // in the bytes that are being read
  private int lastStream = -1;
  private boolean skippedStreams;
  private int spent;
  private long windowStartNanos;
  private long updateCredit;

  private FrameGate(int controlFrames, Ticker ticker, HeadListener listener, Runnable notHttp2) {
    this.notHttp2 = notHttp2;
    this.controlFrames = controlFrames;
    this.ticker = ticker;
    this.listener = listener;
    this.windowStartNanos = ticker.nanos();
  }

  /**
   * Puts a gate before whatever will read a new connection.
   *
   * @param notHttp2 told when the first bytes show it, with Vert.x's pipeline for HTTP/1.x in place
   */
  public static void install(
      Channel channel, int controlFrames, Ticker ticker, HeadListener listener, Runnable notHttp2) {
    FrameGate gate = new FrameGate(controlFrames, ticker, listener, notHttp2);
    for (String next : NEXT) {
      if (channel.pipeline().get(next) != null) {
        channel.pipeline().addBefore(next, null, gate);
        return;
      }
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf in = (ByteBuf) message;
    if (refused) {
      in.release();
      return;
    }
    if (prefaceRead) {
      read(ctx, in, in.readerIndex());
    } else {
      readPreface(ctx, in);
    }
  }

  /** Holds the preface back until it is complete, or known not to be one. */
  private void readPreface(ChannelHandlerContext ctx, ByteBuf in) {
    while (in.isReadable() && preface.isReadable()) {
      if (in.getByte(in.readerIndex()) != preface.getByte(preface.readerIndex())) {
        leave(ctx, in);
        return;
      }
      in.skipBytes(1);
      preface.skipBytes(1);
    }
    if (preface.isReadable()) {
      in.release();
      return;
    }
    prefaceRead = true;
    ctx.fireChannelRead(preface.resetReaderIndex().retainedSlice());
    read(ctx, in, in.readerIndex());
  }

  /**
   * Vert.x makes its pipeline for HTTP/1.x from the first byte that is no preface, and hands that
   * byte on at once. It gets one of ours, which our decoder drops.
   */
  private void leave(ChannelHandlerContext ctx, ByteBuf in) {
    ctx.fireChannelRead(Unpooled.wrappedBuffer(new byte[] {RequestDecoder.DROPPED}));
    notHttp2.run();
    ctx.pipeline().remove(this);
    int held = preface.readerIndex();
    if (held > 0) {
      ctx.fireChannelRead(Unpooled.copiedBuffer(preface.slice(0, held)));
    }
    ctx.fireChannelRead(in);
  }

  private void read(ChannelHandlerContext ctx, ByteBuf in, int from) {
    int end = in.writerIndex();
    int at = from;
    while (at < end) {
      if (left > 0) {
        int step = Math.min(left, end - at);
        left -= step;
        at += step;
        continue;
      }
      readHeader(in.getByte(at++) & 0xff);
      if (headerRead == HEADER) {
        headerRead = 0;
        left = length;
        Http2Exception fault = frame(ctx);
        if (fault != null) {
          refuse(ctx, in, at - HEADER, fault);
          return;
        }
      }
    }
    if (headOpen || inHeadFrame && left > 0) {
      listener.headBegan();
    } else if (headSeen) {
      headSeen = false;
      listener.headEnded();
    }
    ctx.fireChannelRead(in);
  }

  private void readHeader(int b) {
    if (headerRead < 3) {
      length = headerRead == 0 ? b : length << 8 | b;
    } else {
      header = header << 8 | b;
    }
    headerRead++;
  }

  /** What is wrong with the frame whose header was read, or null. */
  private @Nullable Http2Exception frame(ChannelHandlerContext ctx) {
    int type = (int) (header >>> 40) & 0xff;
    int flags = (int) (header >>> 32) & 0xff;
    int stream = (int) header & 0x7fff_ffff;
    inHeadFrame = type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION;
    if (inHeadFrame) {
      headSeen = true;
      headOpen = (flags & END_HEADERS) == 0;
    }
    switch (type) {
      case Http2FrameTypes.DATA -> {
        if ((flags & END_STREAM) != 0) {
          openBodies.remove(stream);
        }
        if (length == 0 && (flags & END_STREAM) == 0) {
          return spend();
        }
        earn(1);
      }
      case Http2FrameTypes.HEADERS -> {
        earn(2);
        return head(ctx, (flags & END_STREAM) != 0, stream);
      }
      case Http2FrameTypes.CONTINUATION -> {}
      case Http2FrameTypes.WINDOW_UPDATE -> {
        if (updateCredit >= BYTES_PER_UPDATE) {
          updateCredit -= BYTES_PER_UPDATE;
        } else {
          return spend();
        }
      }
      case Http2FrameTypes.RST_STREAM -> {
        openBodies.remove(stream);
        return spend();
      }
      default -> {
        return spend();
      }
    }
    return null;
  }

  private @Nullable Http2Exception head(ChannelHandlerContext ctx, boolean ends, int stream) {
    if (stream > lastStream) {
      skippedStreams |= stream > lastStream + 2;
      lastStream = stream;
      if (!ends) {
        openBodies.put(stream, Boolean.TRUE);
        if (openBodies.size() > OPEN_BODIES) {
          dropGone(ctx);
        }
      }
      return null;
    }
    if (ends ? openBodies.remove(stream) != null : openBodies.containsKey(stream)) {
      return null; // trailers
    }
    // RFC 9113, 5.1 and 5.1.1: which of the two it was shows in whether ids were left out.
    return skippedStreams
        ? fault(Http2Error.PROTOCOL_ERROR, "stream id goes backwards")
        : fault(Http2Error.STREAM_CLOSED, "stream was closed");
  }

  private void dropGone(ChannelHandlerContext ctx) {
    if (ctx.pipeline().get("handler") instanceof Http2ConnectionHandler codec) {
      openBodies.keySet().removeIf(stream -> codec.connection().stream(stream) == null);
    }
  }

  private void earn(int frames) {
    spent = Math.max(0, spent - frames);
  }

  private @Nullable Http2Exception spend() {
    if (++spent <= controlFrames) {
      return null;
    }
    long now = ticker.nanos();
    if (now - windowStartNanos < WINDOW_NANOS) {
      return fault(Http2Error.ENHANCE_YOUR_CALM, "too many frames without content");
    }
    windowStartNanos = now;
    spent = 0;
    return null;
  }

  private static Http2Exception fault(Http2Error error, String why) {
    return Http2Exception.connectionError(error, why);
  }

  /** Passes on what came before the frame, and ends the connection with GOAWAY. */
  private void refuse(ChannelHandlerContext ctx, ByteBuf in, int frame, Http2Exception fault) {
    refused = true;
    listener.headEnded();
    if (frame > in.readerIndex()) {
      ctx.fireChannelRead(in.readRetainedSlice(frame - in.readerIndex()));
    }
    in.release();
    ChannelHandlerContext codec = ctx.pipeline().context("handler");
    if (codec != null && codec.handler() instanceof Http2ConnectionHandler http2) {
      http2.onError(codec, false, fault);
    } else {
      ctx.close();
    }
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    if (message instanceof ByteBuf out) {
      updateCredit += out.readableBytes();
    }
    ctx.write(message, promise);
  }
}
