package app.avalo.gateway.forward.head;

import app.avalo.gateway.upstream.Fields;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Copies trailers across the gateway without those that must not be one (RFC 9110, 6.5.1): what
 * frames a message, routes it, proves who sent it or says how it is kept would come too late, and
 * only some of its readers would heed it.
 */
public final class Trailers {
  private static final NameSet REFUSED =
      NameSet.of(
          "age",
          "authorization",
          "cache-control",
          "connection",
          "content-encoding",
          "content-length",
          "content-range",
          "content-type",
          "cookie",
          "date",
          "expect",
          "expires",
          "forwarded",
          "host",
          "http2-settings",
          "keep-alive",
          "location",
          "max-forwards",
          "pragma",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "range",
          "retry-after",
          "set-cookie",
          "te",
          "traceparent",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "vary",
          "via",
          "www-authenticate",
          "x-request-id");

  /** Of other hops, which a service believes, and what a request depends on. */
  private static final String[] REFUSED_PREFIXES = {"x-forwarded-", "if-"};

  private Trailers() {}

  /** The trailers of a request on its way up, or null when none is left. */
  public static @Nullable MultiMap up(Fields from) {
    MultiMap to = HttpHeaders.headers();
    copy(from, to);
    return to.isEmpty() ? null : to;
  }

  /** Copies an upstream's trailers to the answer. */
  public static void down(Fields from, MultiMap to) {
    copy(from, to);
  }

  private static void copy(Fields from, MultiMap to) {
    for (Map.Entry<CharSequence, CharSequence> field : from) {
      CharSequence name = field.getKey();
      if (mayBeTrailer(name)) {
        to.add(name, field.getValue());
      }
    }
  }

  private static boolean mayBeTrailer(CharSequence name) {
    return name.charAt(0) != ':'
        && !REFUSED.contains(name)
        && !hasRefusedPrefix(name)
        && !InternalHeaders.isInternal(name);
  }

  private static boolean hasRefusedPrefix(CharSequence name) {
    for (String prefix : REFUSED_PREFIXES) {
      if (AsciiString.regionMatches(name, true, 0, prefix, 0, prefix.length())) {
        return true;
      }
    }
    return false;
  }
}
