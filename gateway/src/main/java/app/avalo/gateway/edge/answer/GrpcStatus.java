package app.avalo.gateway.edge.answer;

import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.nio.charset.StandardCharsets;

/**
 * Says an error as gRPC clients read it: an answer 200 that is nothing but trailers. Which HTTP
 * status is which gRPC status follows http-grpc-status-mapping.md of gRPC, except where the gateway
 * knows more than a client could guess.
 */
final class GrpcStatus {
  private static final CharSequence STATUS = AsciiString.cached("grpc-status");
  private static final CharSequence MESSAGE = AsciiString.cached("grpc-message");
  private static final CharSequence TYPE = AsciiString.cached("application/grpc");
  private static final String HEX = "0123456789ABCDEF";

  private static final int UNKNOWN = 2;
  private static final int DEADLINE_EXCEEDED = 4;
  private static final int PERMISSION_DENIED = 7;
  private static final int RESOURCE_EXHAUSTED = 8;
  private static final int UNIMPLEMENTED = 12;
  private static final int INTERNAL = 13;
  private static final int UNAVAILABLE = 14;
  private static final int UNAUTHENTICATED = 16;

  private GrpcStatus() {}

  /** Turns the headers of an answer into those of a gRPC error. */
  static void write(int httpStatus, String message, MultiMap headers) {
    headers.remove(HttpHeaders.CONTENT_LENGTH);
    headers.set(HttpHeaders.CONTENT_TYPE, TYPE);
    trail(httpStatus, message, headers);
  }

  /** Adds the trailers of a gRPC error. */
  static void trail(int httpStatus, String message, MultiMap trailers) {
    trailers.set(STATUS, Integer.toString(of(httpStatus)));
    trailers.set(MESSAGE, percentEncoded(message));
  }

  static int of(int httpStatus) {
    return switch (httpStatus) {
      case 400, 431, 500 -> INTERNAL;
      case 401 -> UNAUTHENTICATED;
      case 403, 451 -> PERMISSION_DENIED;
      case 404, 405 -> UNIMPLEMENTED;
      case 408, 504 -> DEADLINE_EXCEEDED;
      case 413, 429 -> RESOURCE_EXHAUSTED;
      case 502, 503 -> UNAVAILABLE;
      default -> UNKNOWN;
    };
  }

  /** Everything but printable ASCII, and the percent sign, as bytes of UTF-8 in hexadecimal. */
  static String percentEncoded(String text) {
    StringBuilder encoded = new StringBuilder(text.length());
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b >= ' ' && b <= '~' && b != '%') {
        encoded.append((char) b);
      } else {
        encoded.append('%').append(HEX.charAt(b >> 4 & 15)).append(HEX.charAt(b & 15));
      }
    }
    return encoded.toString();
  }
}
