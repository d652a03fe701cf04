package app.avalo.gateway.edge;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.deadline.Deadline;
import app.avalo.gateway.filter.ClientCertificate;
import io.vertx.core.http.HttpConnection;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one client connection, found out once instead of per request. Its own deadline
 * for the first request head.
 */
final class ClientConnection extends Deadline {
  private final HttpConnection connection;
  private final IpAddress peer;
  private final @Nullable ClientCertificate certificate;
  private @Nullable Plan judgedBy;
  private boolean trusted;

  ClientConnection(HttpConnection connection, @Nullable ClientCertificate certificate) {
    this.connection = connection;
    this.certificate = certificate;
    String address = connection.remoteAddress().hostAddress();
    IpAddress parsed = address == null ? null : IpAddress.parse(address);
    this.peer = parsed == null ? IpAddress.v4(0) : parsed;
  }

  IpAddress peer() {
    return peer;
  }

  /** Who the client proved to be by TLS, or null. */
  @Nullable ClientCertificate certificate() {
    return certificate;
  }

  /** Whether the peer's forwarding headers are believed under this plan. */
  boolean isTrusted(Plan plan) {
    if (judgedBy != plan) {
      judgedBy = plan;
      trusted = plan.trustedHops().contains(peer);
    }
    return trusted;
  }

  /** No request came in time. */
  @Override
  protected void expired() {
    connection.close();
  }
}
