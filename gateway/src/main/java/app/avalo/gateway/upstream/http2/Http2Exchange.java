package app.avalo.gateway.upstream.http2;

import app.avalo.gateway.upstream.Fields;
import app.avalo.gateway.upstream.Loss;
import app.avalo.gateway.upstream.UpstreamListener;
import app.avalo.gateway.upstream.UpstreamStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.internal.buffer.BufferInternal;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One stream of an HTTP/2 connection, for one exchange. */
final class Http2Exchange implements UpstreamStream {
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int EARLY_HINTS = 103;

  /** Answers before the final one; more are a flood. */
  private static final int MOST_INTERIMS = 32;

  private final Http2Session session;
  private final boolean reused;
  private @Nullable UpstreamListener listener;
  private @Nullable Http2Headers head; // until it is written
  private @Nullable Http2Stream stream; // from then on
  private long sentNanos;
  private int held; // bytes that a paused exchange has not given back to the windows
  private boolean paused;
  private int interims;
  private boolean requestEnded;
  private boolean answered;
  private boolean settled; // whether the listener knows that no more came with the head
  private boolean over; // answered whole, or lost
  private boolean gone; // closed by the endpoint
  private boolean left;

  Http2Exchange(Http2Session session, boolean reused) {
    this.session = session;
    this.reused = reused;
  }

  @Override
  public void listen(UpstreamListener told) {
    listener = told;
  }

  @Override
  public boolean isHttp2() {
    return true;
  }

  @Override
  public boolean isReused() {
    return reused;
  }

  @Override
  public void head(HttpMethod method, String uri, MultiMap headers) {
    HttpHeaders fields = (HttpHeaders) headers;
    Http2Headers lower = lower(fields);
    lower
        .method(method.toNetty().asciiName())
        .scheme(session.scheme())
        .path(uri)
        .authority(fields.get(HttpHeaderNames.HOST));
    lower.remove(HttpHeaderNames.HOST);
    head = lower;
  }

  /** Names are in lower case in HTTP/2 (RFC 9113, 8.2). */
  private static Http2Headers lower(HttpHeaders fields) {
    Http2Headers lower = new DefaultHttp2Headers(false, fields.size() + 4);
    Iterator<Map.Entry<CharSequence, CharSequence>> all = fields.iteratorCharSequence();
    while (all.hasNext()) {
      Map.Entry<CharSequence, CharSequence> field = all.next();
      lower.add(lower(field.getKey()), field.getValue());
    }
    return lower;
  }

  private static CharSequence lower(CharSequence name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        return AsciiString.of(name).toLowerCase();
      }
    }
    return name;
  }

  @Override
  public void sendHead() {
    sendHead(false);
  }

  private void sendHead(boolean end) {
    Http2Headers unsent = head;
    if (unsent != null && !left) {
      head = null;
      sentNanos = session.nanos();
      stream = session.open(this, unsent, end);
    }
  }

  @Override
  public void upgrade() {
    throw new IllegalStateException("a stream cannot leave HTTP/2");
  }

  @Override
  public void write(Buffer chunk) {
    sendHead(false);
    if (stream != null && !over) {
      session.write(stream, bytes(chunk), false);
    }
  }

  @Override
  public void end(@Nullable Buffer last, @Nullable MultiMap trailers) {
    requestEnded = true;
    if (head != null && last == null && trailers == null) {
      sendHead(true);
      return;
    }
    sendHead(false);
    Http2Stream open = stream;
    if (open == null || over) {
      return;
    }
    if (last != null || trailers == null) {
      session.write(open, last == null ? Unpooled.EMPTY_BUFFER : bytes(last), trailers == null);
    }
    if (trailers != null) {
      session.writeTrailers(open, lower((HttpHeaders) trailers));
    }
  }

  private static ByteBuf bytes(Buffer buffer) {
    return ((BufferInternal) buffer).getByteBuf();
  }

  @Override
  public boolean isFull() {
    return stream != null && !over && session.isFull(stream);
  }

  void drained() {
    if (listener != null) {
      listener.drained();
    }
  }

  /**
   * Takes the fields of a head, interim or final, or of the trailers.
   *
   * @return whether the listener wants to know when nothing more comes with them
   */
  boolean headers(Http2Headers fields, boolean end) {
    UpstreamListener told = listener;
    if (told == null || over) {
      return false;
    }
    if (answered) {
      ended(told, fields::iterator);
      return false;
    }
    int status = status(fields.status());
    if (status < 200) {
      if (status < 100 || status == SWITCHING_PROTOCOLS || end || ++interims > MOST_INTERIMS) {
        over = true;
        told.lost(Loss.PROTOCOL);
      } else if (status == EARLY_HINTS) {
        told.hints(fields::iterator);
      }
      return false;
    }
    answered = true;
    settled = end;
    told.head(status, fields::iterator);
    if (end) {
      ended(told, null);
    }
    return !end;
  }

  private static int status(@Nullable CharSequence text) {
    int status = 0;
    for (int i = 0; text != null && i < 3 && text.length() == 3; i++) {
      int digit = text.charAt(i) - '0';
      status = digit < 0 || digit > 9 ? -1000 : status * 10 + digit;
    }
    return status;
  }

  void settled() {
    if (!settled && listener != null) {
      settled = true;
      listener.settled();
    }
  }

  /**
   * Takes a piece of the body.
   *
   * @param size of it in the windows, padding included
   * @return whether the endpoint may send as much again
   */
  boolean data(ByteBuf data, int size, boolean end) {
    UpstreamListener told = listener;
    if (told == null || over) {
      return true;
    }
    settled = true;
    if (data.isReadable()) {
      told.chunk(BufferInternal.safeBuffer(data.retain()));
    }
    if (end) {
      ended(told, null);
    } else if (paused && !left) {
      held += size;
      session.hold(size);
      return false;
    }
    return true;
  }

  private void ended(UpstreamListener told, @Nullable Fields trailers) {
    if (!over && listener == told) {
      over = true;
      told.end(trailers);
    }
  }

  /** The endpoint has closed it. */
  void lost(Loss loss) {
    gone = true;
    UpstreamListener told = listener;
    if (!over) {
      over = true;
      if (told != null) {
        told.lost(loss);
      }
    }
  }

  @Override
  public void pause() {
    paused = true;
  }

  @Override
  public void resume() {
    paused = false;
    giveBack();
  }

  private void giveBack() {
    if (held > 0 && stream != null) {
      session.consume(stream, held);
      held = 0;
    }
  }

  @Override
  public void leave() {
    if (left) {
      return;
    }
    left = true;
    listener = null;
    giveBack();
    if (stream != null && !gone && !(over && requestEnded)) {
      session.reset(stream, sentNanos);
    }
    session.left();
  }
}
