package app.avalo.gateway.filter.limit.open;

/**
 * What is open in this process.
 *
 * @param webSockets of all services
 * @param streams event streams and gRPC calls of all services
 */
public record Ceilings(ConnectionCeiling webSockets, ConnectionCeiling streams) {
  /** Nothing is. */
  public Ceilings() {
    this(new ConnectionCeiling(), new ConnectionCeiling());
  }
}
