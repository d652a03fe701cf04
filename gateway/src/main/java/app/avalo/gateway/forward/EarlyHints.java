package app.avalo.gateway.forward;

import app.avalo.gateway.forward.head.HeaderCopy;
import app.avalo.gateway.upstream.Fields;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.Locale;

/** The interim answers 103 of one exchange (RFC 8297). A client of HTTP/1.0 knows none. */
final class EarlyHints {
  /** Further ones are dropped: nothing slows an upstream that never comes to its answer. */
  private static final int MOST = 16;

  private final HttpServerRequest request;
  private int passed;

  EarlyHints(HttpServerRequest request) {
    this.request = request;
  }

  void pass(Fields fields) {
    if (request.version() != HttpVersion.HTTP_1_0 && passed++ < MOST) {
      MultiMap copied = HttpHeaders.headers();
      HeaderCopy.down(fields, copied);
      MultiMap lower = HttpHeaders.headers();
      // HTTP/2 knows no other names, and here nobody else sees to that.
      copied.forEach((name, value) -> lower.add(name.toLowerCase(Locale.ROOT), value));
      request.response().writeEarlyHints(lower);
    }
  }
}
