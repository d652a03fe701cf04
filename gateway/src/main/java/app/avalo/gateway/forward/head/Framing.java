package app.avalo.gateway.forward.head;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;

/** What the head of a request says about its body. */
public final class Framing {
  private Framing() {}

  /**
   * Whether a body will still arrive. HTTP/1.1 says so in the head (RFC 9112, 6.3). HTTP/2 need
   * not; there a request without a length has a body if its method usually has one.
   */
  public static boolean expectsBody(HttpServerRequest request) {
    if (request.isEnded()) {
      return false;
    }
    long length = length(request);
    if (length >= 0) {
      return length > 0;
    }
    return request.version() == HttpVersion.HTTP_2
        ? isUsualWithBody(request.method().name())
        : request.headers().contains(HttpHeaders.TRANSFER_ENCODING);
  }

  private static boolean isUsualWithBody(String method) {
    return switch (method) {
      case "GET", "HEAD", "DELETE", "OPTIONS" -> false;
      default -> true;
    };
  }

  /** The declared length, or -1. The decoder has refused everything that is not a number. */
  public static long length(HttpServerRequest request) {
    String length = request.headers().get(HttpHeaders.CONTENT_LENGTH);
    if (length == null) {
      return -1;
    }
    try {
      return Long.parseLong(length);
    } catch (NumberFormatException notDecimal) {
      return -1;
    }
  }
}
