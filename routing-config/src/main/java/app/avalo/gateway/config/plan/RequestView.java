package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.RouteConfig.ValueMatch;
import app.avalo.gateway.config.unit.IpAddress;
import org.jspecify.annotations.Nullable;

/** What matching may look at in a request. */
public interface RequestView {
  /** As sent, case matters. */
  String method();

  /** Host without port, lower case; empty when unknown. */
  String host();

  /** Normalised by {@link PathNormalizer}. */
  String path();

  /** First value of a header, or null. Case of the name is ignored. */
  @Nullable String header(String name);

  /** Whether a route's condition on a header is fulfilled. */
  default boolean holds(ValueMatch header) {
    return header.holds(header(header.name()));
  }

  /** First value of a query parameter, decoded, or null. */
  @Nullable String query(String name);

  /** Address of the client, taken from trusted hops only. */
  IpAddress client();
}
