package app.avalo.gateway.filter.client;

/**
 * A body whose length nobody has announced. Over HTTP/2 nothing tells a request without a body from
 * one that says nothing of its length, until its next frame.
 */
public final class UntoldBody {
  private UntoldBody() {}

  /** Whether most requests by a method have none at all (RFC 9110, 9.3). */
  public static boolean isUsuallyEmpty(String method) {
    return switch (method) {
      case "GET", "HEAD", "OPTIONS", "DELETE" -> true;
      default -> false;
    };
  }
}
