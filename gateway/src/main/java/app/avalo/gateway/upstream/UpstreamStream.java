package app.avalo.gateway.upstream;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import org.jspecify.annotations.Nullable;

/**
 * One exchange's use of a connection to an endpoint: all of an HTTP/1.1 connection, or one stream
 * of an HTTP/2 connection that it shares with others. Given back exactly once, by {@link #leave}.
 */
public interface UpstreamStream {
  /** Says who is told of the answer; before anything is sent. */
  void listen(UpstreamListener listener);

  /** Whether it is HTTP/2, which carries trailers without announcing a body of unknown length. */
  boolean isHttp2();

  /** Whether the connection was in use before, so that its loss may only mean it was stale. */
  boolean isReused();

  /**
   * Prepares the head; it leaves with what is written first.
   *
   * @param headers become the stream's own; with a host, and a length where it is known
   */
  void head(HttpMethod method, String uri, MultiMap headers);

  /** Sends the head alone, because the body may be long in coming. */
  void sendHead();

  /**
   * Asks to leave HTTP behind (HTTP/1.1 only); {@link UpstreamListener#switched} says it worked.
   */
  void upgrade();

  void write(Buffer chunk);

  /** Ends the request; trailers go where the framing can carry them. */
  void end(@Nullable Buffer last, @Nullable MultiMap trailers);

  /** Whether more should wait for {@link UpstreamListener#drained}. */
  boolean isFull();

  /** Stops the answer, as far as it is not on its way. */
  void pause();

  void resume();

  /**
   * Ends this use. When request and answer are complete, the connection serves others; otherwise
   * what is left is cut off, so that the upstream stops too: an HTTP/1.1 connection closes, an
   * HTTP/2 stream is reset and its neighbours do not notice.
   */
  void leave();
}
