package app.avalo.gateway.filter;

/** The rest of the pipeline, seen from one filter. */
public interface Next {
  /** Lets the exchange pass to the next filter, or to the forwarder after the last. */
  void proceed(Exchange exchange);

  /** Answers here; nothing is forwarded. The answer goes back through all filters. */
  void reply(Exchange exchange, Reply.Local reply);
}
