package app.avalo.gateway.upstream.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.ByteProcessor;
import java.util.List;

/**
 * Reads the bytes of each answer's head ahead of the codec, which mends what two readers may mend
 * differently: lines that continue the one before, blanks before a colon, control characters. The
 * body passes unseen; nothing is copied or held back.
 */
final class AnswerHead extends ChannelInboundHandlerAdapter {
  private static final ByteProcessor IN_VALUE = AnswerHead::isText;
  private static final int STATUS_AT = 9;
  private static final int STATUS_END = 12;
  private static final int SWITCHING_PROTOCOLS = 101;

  /** Answers before the final one; more are a flood. */
  private static final int MOST_INTERIMS = 32;

  private final Runnable malformed;
  private State state = State.DONE;
  private int column; // of the status line
  private int status;
  private int interims;
  private boolean empty; // whether nothing stands in the line that ends

  private enum State {
    STATUS_LINE,
    START,
    NAME,
    VALUE,
    CR,
    DONE
  }

  /**
   * Reads nothing yet.
   *
   * @param malformed told once of a head that can be read in more than one way
   */
  AnswerHead(Runnable malformed) {
    this.malformed = malformed;
  }

  private static boolean isText(byte b) {
    return b >= ' ' && b != 0x7f || b < 0 || b == '\t';
  }

  /** The next bytes are an answer's. */
  void expect() {
    interims = 0;
    next();
  }

  private void next() {
    state = State.STATUS_LINE;
    column = 0;
    status = 0;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (state != State.DONE && message instanceof ByteBuf in && !isClean(in)) {
      state = State.DONE;
      in.release();
      malformed.run();
      return;
    }
    ctx.fireChannelRead(message);
  }

  private boolean isClean(ByteBuf in) {
    int end = in.writerIndex();
    int at = in.readerIndex();
    while (at < end && state != State.DONE) {
      if (state == State.VALUE) {
        int control = in.forEachByte(at, end - at, IN_VALUE);
        if (control < 0) {
          return true;
        }
        at = control;
      }
      if (!accepts(in.getByte(at++))) {
        return false;
      }
    }
    return true;
  }

  private boolean accepts(byte b) {
    switch (state) {
      case STATUS_LINE -> {
        return statusLine(b);
      }
      case START -> {
        empty = b == '\r';
        state = empty ? State.CR : State.NAME;
        return empty || b > ' ' && b != ':';
      }
      case NAME -> {
        if (b == ':') {
          state = State.VALUE;
        }
        return b > ' ';
      }
      case VALUE -> {
        state = State.CR;
        return b == '\r';
      }
      case CR -> {
        return b == '\n' && lineEnds();
      }
      default -> {
        return true;
      }
    }
  }

  private boolean statusLine(byte b) {
    if (b == '\r') {
      empty = false;
      state = State.CR;
      return true;
    }
    int at = column++;
    if (at >= STATUS_AT && at < STATUS_END) {
      status = status * 10 + b - '0';
      return b >= '0' && b <= '9';
    }
    // Three digits and no more (RFC 9112, 4).
    return at == STATUS_END ? b == ' ' : isText(b);
  }

  private boolean lineEnds() {
    if (!empty) {
      state = State.START;
      return status >= 100 && status <= 599;
    }
    if (status < 200 && status != SWITCHING_PROTOCOLS) {
      next();
      return ++interims <= MOST_INTERIMS;
    }
    state = State.DONE;
    return true;
  }

  /** Chunked and nothing else, or not coded at all. */
  static boolean isPlainlyFramed(HttpResponse answer) {
    List<String> codings = answer.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    return codings.isEmpty() || codings.size() == 1 && "chunked".equalsIgnoreCase(codings.get(0));
  }
}
