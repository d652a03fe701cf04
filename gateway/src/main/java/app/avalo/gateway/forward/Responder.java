package app.avalo.gateway.forward;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Reply;
import io.vertx.core.MultiMap;
import org.jspecify.annotations.Nullable;

/** The way back to the client: through all filters, then onto the socket. */
public interface Responder {
  /** Answers with a local reply and ends the exchange. */
  void local(Exchange exchange, Reply.Local reply);

  /**
   * Lets all filters see the head of an upstream's answer before it is written.
   *
   * @param headers of the response to the client
   */
  void head(Exchange exchange, int status, MultiMap headers);

  /**
   * Ends an exchange whose answer was streamed.
   *
   * @param error why nobody waits for the rest, or null when it is complete
   */
  void done(Exchange exchange, @Nullable GatewayError error);

  /**
   * Ends a stream between two of its events or messages, as one that is complete, and tells its
   * reader why: in an event of this kind, or in the trailers of a call.
   */
  void endStream(Exchange exchange, GatewayError why);

  /**
   * Ends a stream between two of its events or messages because its user has moved: by a comment,
   * after which readers of events come back, or as a call that is unavailable.
   */
  void sendAway(Exchange exchange);

  /** Ends an exchange whose answer cannot be completed: the client must see that it is not. */
  void cutOff(Exchange exchange, GatewayError error);
}
