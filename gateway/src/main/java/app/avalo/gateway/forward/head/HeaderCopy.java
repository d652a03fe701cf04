package app.avalo.gateway.forward.head;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Copies headers across the gateway without those that belong to one hop (RFC 9110, 7.6.1) and
 * without those that the gateway writes itself. One pass; names are told apart by length first, so
 * that most headers cost one comparison of numbers.
 */
public final class HeaderCopy {
  private static final CharSequence CONNECTION = io.vertx.core.http.HttpHeaders.CONNECTION;
  private static final int LONGEST = 19;
  private static final AsciiString[][] UP = table(true);
  private static final AsciiString[][] DOWN = table(false);

  private HeaderCopy() {}

  private static AsciiString[][] table(boolean up) {
    List<String> both =
        List.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authorization",
            "transfer-encoding",
            "upgrade",
            "te");
    List<String> own =
        List.of(
            "host",
            "via",
            "expect",
            "content-length",
            "http2-settings",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-proto",
            "x-request-id",
            "traceparent");
    AsciiString[][] byLength = new AsciiString[LONGEST + 1][];
    for (int length = 0; length <= LONGEST; length++) {
      int wanted = length;
      byLength[length] =
          java.util.stream.Stream.concat(
                  both.stream(), up ? own.stream() : List.<String>of().stream())
              .filter(name -> name.length() == wanted)
              .map(AsciiString::cached)
              .toArray(AsciiString[]::new);
    }
    return byLength;
  }

  /** Copies a request's headers to an upstream request. */
  static void up(MultiMap from, MultiMap to) {
    copy(from, to, UP);
  }

  /** Copies an upstream's headers to the answer. */
  public static void down(MultiMap from, MultiMap to) {
    copy(from, to, DOWN);
  }

  private static void copy(MultiMap from, MultiMap to, AsciiString[][] dropped) {
    if (from instanceof HttpHeaders headers) {
      Iterator<Map.Entry<CharSequence, CharSequence>> all = headers.iteratorCharSequence();
      while (all.hasNext()) {
        Map.Entry<CharSequence, CharSequence> header = all.next();
        if (!isIn(dropped, header.getKey())) {
          to.add(header.getKey(), header.getValue());
        }
      }
    } else {
      from.forEach(
          (name, value) -> {
            if (name.charAt(0) != ':' && !isIn(dropped, name)) {
              to.add(name, value);
            }
          });
    }
    String connection = from.get(CONNECTION);
    if (connection != null && !isPlain(connection)) {
      removeListed(from.getAll(CONNECTION), to);
    }
  }

  private static boolean isIn(AsciiString[][] table, CharSequence name) {
    int length = name.length();
    if (length > LONGEST) {
      return false;
    }
    for (AsciiString candidate : table[length]) {
      if (AsciiString.contentEqualsIgnoreCase(candidate, name)) {
        return true;
      }
    }
    return false;
  }

  /** The common values name no header. */
  private static boolean isPlain(String connection) {
    return connection.equalsIgnoreCase("keep-alive") || connection.equalsIgnoreCase("close");
  }

  private static void removeListed(List<String> values, MultiMap to) {
    for (String value : values) {
      for (String name : value.split(",")) {
        String trimmed = name.trim();
        if (!trimmed.isEmpty()) {
          to.remove(trimmed);
        }
      }
    }
  }
}
