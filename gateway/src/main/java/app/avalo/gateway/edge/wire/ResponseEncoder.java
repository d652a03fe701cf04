package app.avalo.gateway.edge.wire;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.vertx.core.http.impl.VertxHttpResponseEncoder;
import io.vertx.core.http.impl.headers.HeadersMultiMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes heads of HTTP/1.x as Vert.x's encoder does, and behind their headers lines that are known
 * to be well formed: those are written once, not kept as headers and checked by each that passes
 * them on. An answer to HEAD needs no care here, as nobody gives it a body to leave out.
 */
public final class ResponseEncoder extends HttpResponseEncoder implements Reply.Lines {
  private static final String NAME = "httpEncoder";

  private Reply.Lines.@Nullable Writer lines; // of the next head
  private @Nullable Exchange exchange; // whose they are

  private ResponseEncoder() {}

  /** Takes the place of Vert.x's encoder on a connection that nothing was written to. */
  public static @Nullable ResponseEncoder install(Channel channel) {
    ChannelHandler plain = channel.pipeline().get(NAME);
    if (!(plain instanceof VertxHttpResponseEncoder)) {
      return null;
    }
    ResponseEncoder encoder = new ResponseEncoder();
    channel.pipeline().replace(NAME, NAME, encoder);
    return encoder;
  }

  @Override
  public void add(Writer more, Exchange exchange) {
    Writer before = lines;
    this.exchange = exchange;
    lines =
        before == null
            ? more
            : (of, head) -> {
              before.write(of, head);
              more.write(of, head);
            };
  }

  /** Drops what was added: another answer is given instead. */
  public void drop() {
    lines = null;
    exchange = null;
  }

  /** Nothing but what it encodes comes this way. */
  @Override
  public boolean acceptOutboundMessage(Object message) {
    return true;
  }

  @Override
  protected void encodeHeaders(HttpHeaders headers, ByteBuf head) {
    if (headers instanceof HeadersMultiMap known) {
      known.encode(head, false);
    } else {
      super.encodeHeaders(headers, head);
    }
    if (lines != null && exchange != null) {
      lines.write(exchange, head);
      drop();
    }
  }
}
