package app.avalo.gateway.filter.client;

import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC call, as far as a gateway has to know it (PROTOCOL-HTTP2.md of gRPC): bodies are streams
 * of messages, errors are told in trailers.
 *
 * @param timeoutNanos how long the caller waits for the whole, or 0 when it does not say
 */
public record GrpcCall(long timeoutNanos) {
  private static final CharSequence TIMEOUT = AsciiString.cached("grpc-timeout");
  private static final String TYPE = "application/grpc";
  private static final GrpcCall ENDLESS = new GrpcCall(0);

  private static final long LONGEST_NANOS = 100L * 24 * 3_600_000_000_000L;

  /** At most eight digits and a unit. */
  private static final int LONGEST_TIMEOUT = 9;

  /** The call that a request is, or null when it is another kind of request. */
  public static @Nullable GrpcCall of(HttpServerRequest request, MultiMap headers) {
    if (request.version() != HttpVersion.HTTP_2 || !isGrpc(headers.get(HttpHeaders.CONTENT_TYPE))) {
      return null;
    }
    String timeout = headers.get(TIMEOUT);
    return timeout == null ? ENDLESS : new GrpcCall(nanos(timeout));
  }

  /** Not gRPC-Web, which is plain HTTP with the trailers in its body. */
  public static boolean isGrpc(@Nullable String type) {
    if (type == null || !type.regionMatches(true, 0, TYPE, 0, TYPE.length())) {
      return false;
    }
    return type.length() == TYPE.length() || "+; ".indexOf(type.charAt(TYPE.length())) >= 0;
  }

  /** The span that a timeout names, or 0 when it is not one. */
  static long nanos(String timeout) {
    int last = timeout.length() - 1;
    if (last < 1 || last >= LONGEST_TIMEOUT) {
      return 0;
    }
    long value = 0;
    for (int i = 0; i < last; i++) {
      int digit = timeout.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return 0;
      }
      value = value * 10 + digit;
    }
    long unit = unitNanos(timeout.charAt(last));
    // A timeout of nothing is over at once; 99999999 hours are as good as for ever.
    return unit == 0 ? 0 : Math.max(1, Math.min(value, LONGEST_NANOS / unit) * unit);
  }

  private static long unitNanos(char unit) {
    return switch (unit) {
      case 'H' -> 3_600_000_000_000L;
      case 'M' -> 60_000_000_000L;
      case 'S' -> 1_000_000_000L;
      case 'm' -> 1_000_000L;
      case 'u' -> 1_000L;
      case 'n' -> 1L;
      default -> 0L;
    };
  }
}
