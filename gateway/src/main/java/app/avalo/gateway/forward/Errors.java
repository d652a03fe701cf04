package app.avalo.gateway.forward;

import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Full;

/** What clients are told when forwarding ends without an answer of the service. */
final class Errors {
  static final GatewayError NO_REGION =
      new GatewayError(Kind.NO_REGION, null, "No region of this service is in service.", 1);
  static final GatewayError BAD_ANSWERS =
      new GatewayError(Kind.NO_REGION, null, "No region of this service answers well.", 1);
  static final GatewayError BROKEN_OFF =
      new GatewayError(Kind.UPSTREAM_RESET, "The service cut its answer off.");
  static final GatewayError REFUSED =
      new GatewayError(Kind.OVERLOADED, null, "The service takes no more requests now.", 1);
  static final GatewayError NOT_OPEN =
      new GatewayError(
          Kind.STORE_DOWN, "pins", "This user is between two regions, or nobody can tell.", 1);
  static final GatewayError MOVED =
      new GatewayError(Kind.UPSTREAM_TIMEOUT, "The user moved, and the stream did not pause.");
  static final GatewayError EXPECTATION =
      new GatewayError(Kind.EXPECTATION_FAILED, "Only 100-continue can be expected.");
  static final GatewayError SLOW_BODY =
      new GatewayError(Kind.REQUEST_TIMEOUT, "The request body took too long.");
  static final GatewayError LATE =
      new GatewayError(Kind.UPSTREAM_TIMEOUT, "The service did not answer in time.");
  static final GatewayError CLIENT_GONE =
      new GatewayError(Kind.CLIENT_GONE, "The client went away.");
  static final GatewayError DEFECT = new GatewayError(Kind.INTERNAL, "The gateway made a mistake.");

  private Errors() {}

  static GatewayError tooManyWebSockets(Service service, Full full) {
    return tooMany(full, "WebSockets", service.name() + ".webSocket.connections");
  }

  static GatewayError tooManyStreams(Service service, Full full) {
    return tooMany(full, "event streams or gRPC calls", service.name() + ".streams.open");
  }

  private static GatewayError tooMany(Full full, String what, String rule) {
    return full == Full.OF_USER
        ? new GatewayError(
            Kind.LIMITED,
            rule + "PerUser",
            "This caller has too many " + what + " open to this service.",
            5)
        : new GatewayError(
            Kind.OVERLOADED, rule, "Too many " + what + " are open to this service.", 5);
  }

  static GatewayError tooLarge(Route route) {
    String detail = "The request body is larger than the route allows.";
    return new GatewayError(Kind.BODY_TOO_LARGE, route.name(), detail, -1);
  }
}
