package app.avalo.gateway.filter;

import org.jspecify.annotations.Nullable;

/**
 * Why the gateway answers itself. Carries no stack trace: it is a value, not an exception.
 *
 * @param kind what went wrong; the one table to status, problem type and metric label
 * @param rule name of the rule that caused it (limit, budget, route ...), or null
 * @param detail one sentence for the client; never an address, class or secret
 * @param retryAfterSeconds seconds after which trying again makes sense, or -1
 * @param level how the budget stands that refused, or null
 */
public record GatewayError(
    Kind kind,
    @Nullable String rule,
    String detail,
    long retryAfterSeconds,
    @Nullable String level) {

  public GatewayError(Kind kind, @Nullable String rule, String detail, long retryAfterSeconds) {
    this(kind, rule, detail, retryAfterSeconds, null);
  }

  public GatewayError(Kind kind, String detail) {
    this(kind, null, detail, -1);
  }

  /** Whose fault it is. */
  public enum Source {
    DOWNSTREAM,
    UPSTREAM,
    GATEWAY
  }

  /** All errors that clients can see, each with its status. */
  public enum Kind {
    BAD_REQUEST(400, Source.DOWNSTREAM, "Bad request"),
    UNAUTHENTICATED(401, Source.DOWNSTREAM, "Authentication required"),
    FORBIDDEN(403, Source.DOWNSTREAM, "Not allowed"),
    NOT_FOUND(404, Source.DOWNSTREAM, "No such route"),
    METHOD_NOT_ALLOWED(405, Source.DOWNSTREAM, "Method not allowed"),
    REQUEST_TIMEOUT(408, Source.DOWNSTREAM, "Request took too long"),
    BODY_TOO_LARGE(413, Source.DOWNSTREAM, "Body too large"),
    URI_TOO_LONG(414, Source.DOWNSTREAM, "URI too long"),
    EXPECTATION_FAILED(417, Source.DOWNSTREAM, "Expectation failed"),
    LIMITED(429, Source.DOWNSTREAM, "Too many requests"),
    BUDGET(429, Source.GATEWAY, "Not covered by the budget"),
    HEADERS_TOO_LARGE(431, Source.DOWNSTREAM, "Header fields too large"),
    RESIDENCY(451, Source.GATEWAY, "No region may serve this user"),
    CLIENT_GONE(499, Source.DOWNSTREAM, "Client closed the connection"),
    INTERNAL(500, Source.GATEWAY, "Internal error"),
    UPSTREAM_CONNECT(502, Source.UPSTREAM, "Service not reachable"),
    UPSTREAM_RESET(502, Source.UPSTREAM, "Service closed the connection"),
    UPSTREAM_PROTOCOL(502, Source.UPSTREAM, "Service answered garbage"),
    NO_REGION(503, Source.UPSTREAM, "No region in service"),
    STORE_DOWN(503, Source.GATEWAY, "Shared state not reachable"),
    OVERLOADED(503, Source.GATEWAY, "Gateway is at its ceiling"),
    UPSTREAM_TIMEOUT(504, Source.UPSTREAM, "Service took too long");

    private final int status;
    private final Source source;
    private final String title;
    private final String label = name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');

    Kind(int status, Source source, String title) {
      this.status = status;
      this.source = source;
      this.title = title;
    }

    public int status() {
      return status;
    }

    public Source source() {
      return source;
    }

    /** Short, the same for every occurrence. */
    public String title() {
      return title;
    }

    /** Metric label and last part of the problem type. */
    public String label() {
      return label;
    }
  }
}
