package app.avalo.gateway.admin.http;

import app.avalo.gateway.config.yaml.Spelling;
import java.util.Collection;
import java.util.Map;

/** Why a call is answered with a problem (RFC 9457). Without stack trace: callers cause it. */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient Problem problem;

  /**
   * The problem.
   *
   * @param status HTTP status
   * @param kind last part of the problem's type
   * @param detail one sentence for the operator
   * @param more further members
   */
  record Problem(int status, String kind, String detail, Map<String, Object> more) {}

  private Refusal(int status, String kind, String detail, Map<String, Object> more) {
    super(detail, null, false, false);
    this.problem = new Problem(status, kind, detail, more);
  }

  Problem problem() {
    return problem;
  }

  /** 400: the call cannot be understood. */
  public static Refusal malformed(String detail) {
    return new Refusal(400, "bad-request", detail, Map.of());
  }

  /** 400: one value is wrong. */
  public static Refusal malformed(String name, String value, String expected) {
    return malformed(name + ": " + value + " (expected " + expected + ")");
  }

  /** 404: no such thing, and what may have been meant. */
  public static Refusal unknown(String what, String name, Collection<String> known) {
    return new Refusal(
        404, "not-found", what + ": " + name + " (" + Spelling.hint(name, known) + ")", Map.of());
  }

  /** 404 without a guess. */
  public static Refusal notFound(String detail) {
    return new Refusal(404, "not-found", detail, Map.of());
  }

  /** 409: understood, but not possible now. */
  public static Refusal conflict(String detail) {
    return new Refusal(409, "conflict", detail, Map.of());
  }

  /** 422: understood, and refused for what it holds. */
  public static Refusal unacceptable(String detail, Map<String, Object> more) {
    return new Refusal(422, "unacceptable", detail, more);
  }

  /** 503: what the answer needs is away. */
  public static Refusal unavailable(String detail) {
    return new Refusal(503, "unavailable", detail, Map.of());
  }

  static Refusal unauthenticated(String detail) {
    return new Refusal(401, "unauthenticated", detail, Map.of());
  }

  static Refusal forbidden(String detail) {
    return new Refusal(403, "forbidden", detail, Map.of());
  }

  static Refusal lockedOut(long seconds) {
    return new Refusal(
        429,
        "locked-out",
        "Too many wrong credentials from this address.",
        Map.of("retryAfter", seconds));
  }

  static Refusal ofStatus(int status) {
    return switch (status) {
      case 405 ->
          new Refusal(status, "method-not-allowed", "This path has no such method.", Map.of());
      case 413 ->
          new Refusal(
              status, "body-too-large", "The body is larger than " + Api.BODY + " B.", Map.of());
      case 415 ->
          new Refusal(status, "media-type", "The body must be sent as application/json.", Map.of());
      case 408 -> new Refusal(status, "timeout", "The body did not arrive in time.", Map.of());
      case 400 -> malformed("The call is not well-formed.");
      default -> new Refusal(500, "internal", "The gateway made a mistake; see its log.", Map.of());
    };
  }
}
