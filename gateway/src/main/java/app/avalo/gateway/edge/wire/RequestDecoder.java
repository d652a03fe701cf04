package app.avalo.gateway.edge.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.util.AsciiString;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.VertxHttpRequestDecoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Vert.x's decoder for HTTP/1.x with no leniency left: what it would mend is refused, because the
 * next reader of the same bytes may mend it differently (RFC 9112, 11.2). After a refusal nothing
 * of the connection is read as a request again.
 */
public final class RequestDecoder extends VertxHttpRequestDecoder {
  /** The byte that a decoder drops when it takes over from one that has got it already. */
  static final byte DROPPED = 'x';

  private static final String NAME = "httpDecoder";

  /** What chunk sizes and extensions may take beyond a fair share of the body they frame. */
  private static final int FRAMING_BYTES = 16 * 1024;

  private static final int FRAMING_PER_CHUNK = 16;
  private static final int LONGEST_METHOD = 32;
  private static final Refused REFUSED = new Refused();

  private final HeadListener listener;
  private final int headerCount;
  private boolean drops;
  private boolean inHead = true;
  private boolean lineRead; // of the head that is being read
  private boolean refused;
  private boolean upgrading; // the last head asked for another protocol
  private @Nullable ByteBuf early; // what came before that was answered
  private int heads;
  private int emptyLines;
  private int headers;
  private int wordEnd;
  private long framing;

  /** A head that can be read in more than one way. */
  private static final class Refused extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    Refused() {
      super("read in more than one way");
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }

  private RequestDecoder(HttpServerOptions options, int headerCount, HeadListener listener) {
    super(options);
    this.headerCount = headerCount;
    this.listener = listener;
  }

  /**
   * Takes the place of Vert.x's decoder on a connection that nothing was read from.
   *
   * @param headerCount fields of one head
   */
  public static void install(
      Channel channel, HttpServerOptions options, int headerCount, HeadListener listener) {
    ChannelHandler lenient = channel.pipeline().get(NAME);
    if (lenient instanceof VertxHttpRequestDecoder && !(lenient instanceof RequestDecoder)) {
      RequestDecoder strict = new RequestDecoder(options, headerCount, listener);
      // What the other one holds comes here when it goes, and it holds nothing but that byte.
      strict.drops = true;
      channel.pipeline().replace(NAME, NAME, strict);
      strict.drops = false;
    }
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
    if (refused || drops) {
      in.skipBytes(in.readableBytes());
    } else if (upgrading && !isAnswered(ctx)) {
      hold(ctx, in);
    } else if (inHead) {
      decodeHead(ctx, in, out);
    } else {
      decodeBody(ctx, in, out);
    }
  }

  private boolean isAnswered(ChannelHandlerContext ctx) {
    upgrading = !listener.areAnswered(heads, () -> goOn(ctx));
    return !upgrading;
  }

  /**
   * Keeps what a client sends before it knows which protocol is spoken from then on. Nothing more
   * is read meanwhile.
   */
  private void hold(ChannelHandlerContext ctx, ByteBuf in) {
    ByteBuf more = in.readBytes(in.readableBytes());
    early = early == null ? more : Unpooled.wrappedBuffer(early, more);
    ctx.channel().config().setAutoRead(false);
  }

  /** Reads it as a request after all, if the answer to the one before was no. */
  private void goOn(ChannelHandlerContext ctx) {
    ByteBuf kept = early;
    if (kept != null && !ctx.isRemoved()) {
      early = null;
      ctx.channel().config().setAutoRead(true);
      try {
        channelRead(ctx, kept);
        channelReadComplete(ctx);
      } catch (Exception broken) {
        ctx.fireExceptionCaught(broken);
      }
    }
  }

  /** The answer was yes, so it is for what takes the place of HTTP in this turn of the loop. */
  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
    super.handlerRemoved0(ctx);
    ByteBuf kept = early;
    if (kept != null) {
      early = null;
      ctx.executor().execute(() -> pass(ctx.pipeline(), kept));
    }
  }

  private static void pass(ChannelPipeline pipeline, ByteBuf kept) {
    ChannelHandlerContext next = pipeline.context("handler");
    if (next == null || !(next.handler() instanceof ChannelInboundHandler handler)) {
      kept.release();
      return;
    }
    pipeline.channel().config().setAutoRead(true);
    try {
      handler.channelRead(next, kept);
      handler.channelReadComplete(next);
    } catch (Exception broken) {
      pipeline.fireExceptionCaught(broken);
    }
  }

  private void decodeHead(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws Exception {
    if (!lineRead && isBeforeLine(in)) {
      return;
    }
    if (emptyLines > 1 || !HeadBytes.isClean(in)) {
      refuse(in, out);
      return;
    }
    super.decode(ctx, in, out);
    if (out.isEmpty()) {
      listener.headBegan();
      return;
    }
    HttpMessage message = (HttpMessage) out.get(0);
    inHead = out.get(out.size() - 1) instanceof LastHttpContent;
    heads++;
    refused = !message.decoderResult().isSuccess();
    if (!refused && !isPlain(message)) {
      out.clear();
      refuse(in, out);
    }
    lineRead = false;
    emptyLines = 0;
    headers = 0;
    framing = 0;
    listener.headEnded();
  }

  /**
   * Skips the empty line that old clients send after a body (RFC 9112, 2.2) and counts them, since
   * only one is accepted. Whether there is nothing else yet.
   */
  private boolean isBeforeLine(ByteBuf in) {
    while (in.isReadable() && in.getByte(in.readerIndex()) == '\r') {
      if (in.readableBytes() == 1) {
        return true;
      }
      if (in.getByte(in.readerIndex() + 1) != '\n') {
        return false;
      }
      in.skipBytes(2);
      emptyLines++;
    }
    return !in.isReadable() && emptyLines <= 1;
  }

  /** Chunked and nothing else, and no change to HTTP/2, which a service could take part in. */
  private boolean isPlain(HttpMessage message) {
    String protocols = message.headers().get(HttpHeaderNames.UPGRADE);
    if (protocols != null && AsciiString.containsIgnoreCase(protocols, "h2c")) {
      return false;
    }
    if (inHead) {
      upgrading = protocols != null;
      return true;
    }
    List<String> codings = message.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    return codings.isEmpty() || codings.size() == 1 && "chunked".equalsIgnoreCase(codings.get(0));
  }

  private void refuse(ByteBuf in, List<Object> out) {
    in.skipBytes(in.readableBytes());
    HttpMessage message = createInvalidMessage();
    message.setDecoderResult(DecoderResult.failure(REFUSED));
    out.add(message);
    refused = true;
    listener.headEnded();
  }

  private void decodeBody(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws Exception {
    int before = in.readerIndex();
    super.decode(ctx, in, out);
    int consumed = in.readerIndex() - before;
    int content = 0;
    boolean broken = false;
    for (int i = 0; i < out.size(); i++) {
      HttpContent part = (HttpContent) out.get(i);
      content += part.content().readableBytes();
      inHead |= part instanceof LastHttpContent;
      broken |= !part.decoderResult().isSuccess();
    }
    if (content > 0) {
      framing -= FRAMING_PER_CHUNK + 2L * content;
    }
    framing = Math.max(0, framing + consumed - content);
    if (headers > 0 && !HeadBytes.isClean(in.slice(before, consumed))) {
      broken = true; // by a trailer
    }
    if (broken || framing > FRAMING_BYTES) {
      out.forEach(part -> ((HttpContent) part).release());
      out.clear();
      refused = true;
      listener.bodyBroken();
    }
  }

  @Override
  protected void decodeLast(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws Exception {
    if (!refused) {
      super.decodeLast(ctx, in, out);
    }
  }

  @Override
  protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
    if (start != 0) {
      throw REFUSED;
    }
    wordEnd = length;
    return super.splitFirstWordInitialLine(line, start, length);
  }

  @Override
  protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
    nextWord(line, start, length);
    return super.splitSecondWordInitialLine(line, start, length);
  }

  @Override
  protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
    nextWord(line, start, length);
    return super.splitThirdWordInitialLine(line, start, length);
  }

  /** Words of the request line are one space apart (RFC 9112, 3). */
  private void nextWord(byte[] line, int start, int length) {
    if (start != wordEnd + 1 || line[wordEnd] != ' ') {
      throw REFUSED;
    }
    wordEnd = start + length;
  }

  @Override
  protected HttpMessage createMessage(String[] line) {
    if (!isToken(line[0]) || !"HTTP/1.1".equals(line[2]) && !"HTTP/1.0".equals(line[2])) {
      throw REFUSED;
    }
    lineRead = true;
    return super.createMessage(line);
  }

  /** Methods are letters and a few signs here; every registered one is. */
  private static boolean isToken(String method) {
    for (int i = 0; i < method.length(); i++) {
      char c = method.charAt(i);
      if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_') {
        return false;
      }
    }
    return !method.isEmpty() && method.length() <= LONGEST_METHOD;
  }

  @Override
  protected AsciiString splitHeaderName(byte[] line, int start, int length) {
    if (length == 0) {
      throw REFUSED;
    }
    if (++headers > headerCount) {
      throw new TooLongHttpHeaderException("more than " + headerCount + " fields");
    }
    return super.splitHeaderName(line, start, length);
  }
}
