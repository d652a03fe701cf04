package app.avalo.gateway.edge.intake;

import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.forward.head.InternalHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks at every field of a request head once. Names that are no token and values with control
 * characters never come so far: the readers of both versions refuse them.
 */
final class HeadCheck {
  private static final AsciiString HOST = AsciiString.cached("host");

  private static final GatewayError NOT_ONE_HOST =
      new GatewayError(Kind.BAD_REQUEST, "The request needs exactly one valid host.");
  private static final GatewayError BAD_FIELD =
      new GatewayError(Kind.BAD_REQUEST, "A header has characters that are not accepted.");
  private static final GatewayError BAD_TARGET =
      new GatewayError(Kind.BAD_REQUEST, "The request target is not well-formed.");
  private static final GatewayError TOO_MANY =
      new GatewayError(Kind.HEADERS_TOO_LARGE, "The request has too many headers.");

  private HeadCheck() {}

  /**
   * Drops internal headers.
   *
   * @param most fields that one head may have
   * @return what is wrong, or null
   */
  static @Nullable GatewayError check(HttpServerRequest request, MultiMap headers, int most) {
    return headers instanceof HttpHeaders netty
        ? http1(request, headers, netty)
        : http2(request, headers, most);
  }

  private static @Nullable GatewayError http1(
      HttpServerRequest request, MultiMap headers, HttpHeaders netty) {
    int hosts = 0;
    boolean internal = false;
    Iterator<Map.Entry<CharSequence, CharSequence>> all = netty.iteratorCharSequence();
    while (all.hasNext()) {
      CharSequence name = all.next().getKey();
      if (name.length() == HOST.length()) {
        hosts += HOST.contentEqualsIgnoreCase(name) ? 1 : 0;
      } else {
        internal |= InternalHeaders.isInternal(name);
      }
    }
    if (internal) {
      InternalHeaders.strip(headers);
    }
    if (hosts > 1 || hosts == 0 && request.version() == HttpVersion.HTTP_1_1) {
      return NOT_ONE_HOST;
    }
    return null;
  }

  private static @Nullable GatewayError http2(
      HttpServerRequest request, MultiMap headers, int most) {
    int hosts = 0;
    int fields = 0;
    boolean internal = false;
    for (Map.Entry<String, String> field : headers) {
      String name = field.getKey();
      if (!isValue(field.getValue())) {
        return BAD_FIELD;
      }
      fields++;
      hosts += "host".equals(name) ? 1 : 0;
      internal |= InternalHeaders.isInternal(name);
    }
    if (internal) {
      InternalHeaders.strip(headers);
    }
    if (fields > most) {
      return TOO_MANY;
    }
    if (hosts > 1) {
      return NOT_ONE_HOST;
    }
    return isTarget(request) ? null : BAD_TARGET;
  }

  /** RFC 9113, 8.3.1: {@code :path} is a path, or the asterisk of OPTIONS; nothing absolute. */
  private static boolean isTarget(HttpServerRequest request) {
    String scheme = request.scheme();
    String path = request.uri();
    return isMethod(request.method().name())
        && ("http".equals(scheme) || "https".equals(scheme))
        && path != null
        && (path.startsWith("/") || path.equals("*"));
  }

  private static boolean isMethod(String method) {
    for (int i = 0; i < method.length(); i++) {
      char c = method.charAt(i);
      if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_') {
        return false;
      }
    }
    return !method.isEmpty();
  }

  /** RFC 9113, 8.2.1: no blank at either end; what may not be in between ends the stream before. */
  private static boolean isValue(String value) {
    int length = value.length();
    return length == 0 || value.charAt(0) > ' ' && value.charAt(length - 1) > ' ';
  }
}
