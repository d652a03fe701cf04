package app.avalo.gateway.forward;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.client.GrpcCall;
import app.avalo.gateway.forward.body.RequestBody;

/**
 * What is different about the deadline of a gRPC call while it waits for the head of its answer.
 */
final class CallDeadline {
  /** The service keeps the caller's deadline too, and may be the first to notice. */
  private static final long EARLY_NANOS = 20_000_000L;

  private CallDeadline() {}

  /** A call may stream for as long as it likes, and be answered only then. */
  static boolean isStretched(Exchange exchange, RequestBody body) {
    GrpcCall call = exchange.grpc();
    return call != null && call.timeoutNanos() == 0 && body.isMoving();
  }

  /** How long such a call may then pause. */
  static long stretchNanos(Exchange exchange) {
    return exchange.route().config().timeouts().idle().toNanos();
  }

  /** Whether a failure now is the end of the caller's patience, and nobody's fault. */
  static boolean isDue(Exchange exchange, long nowNanos) {
    GrpcCall call = exchange.grpc();
    return call != null
        && call.timeoutNanos() > 0
        && nowNanos >= exchange.deadlineNanos() - EARLY_NANOS;
  }
}
