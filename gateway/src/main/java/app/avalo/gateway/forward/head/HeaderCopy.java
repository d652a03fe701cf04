package app.avalo.gateway.forward.head;

import app.avalo.gateway.upstream.Fields;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Copies headers across the gateway without those that belong to one hop (RFC 9110, 7.6.1) and
 * without those that the gateway writes itself. One pass.
 */
public final class HeaderCopy {
  private static final CharSequence CONNECTION = io.vertx.core.http.HttpHeaders.CONNECTION;

  private static final String[] OF_ONE_HOP = {
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "transfer-encoding",
    "upgrade",
    "te"
  };

  private static final String[] OWN = {
    "host",
    "via",
    "expect",
    "client-cert",
    "client-cert-chain",
    "content-length",
    "http2-settings",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-request-id",
    "traceparent"
  };

  private static final NameSet UP =
      NameSet.of(
          Stream.concat(Arrays.stream(OF_ONE_HOP), Arrays.stream(OWN)).toArray(String[]::new));
  private static final NameSet DOWN = NameSet.of(OF_ONE_HOP);

  private HeaderCopy() {}

  /** Copies a request's headers to an upstream request. */
  static void up(MultiMap from, MultiMap to) {
    if (from instanceof HttpHeaders headers) {
      copy(headers.iteratorCharSequence(), to, UP);
    } else {
      from.forEach(
          (name, value) -> {
            if (name.charAt(0) != ':' && !UP.contains(name)) {
              to.add(name, value);
            }
          });
    }
    String connection = from.get(CONNECTION);
    if (connection != null && !isPlain(connection)) {
      removeListed(from.getAll(CONNECTION), to);
    }
  }

  /** Copies an upstream's headers to the answer. */
  public static void down(Fields from, MultiMap to) {
    if (copy(from.iterator(), to, DOWN)) {
      removeListed(from, to);
    }
  }

  /** Copies what is not dropped; says whether Connection names headers that have to go as well. */
  private static boolean copy(
      Iterator<Map.Entry<CharSequence, CharSequence>> from, MultiMap to, NameSet dropped) {
    boolean listed = false;
    while (from.hasNext()) {
      Map.Entry<CharSequence, CharSequence> header = from.next();
      CharSequence name = header.getKey();
      if (dropped.contains(name)) {
        listed |= isConnection(name) && !isPlain(header.getValue());
      } else if (name.charAt(0) != ':') {
        to.add(name, header.getValue());
      }
    }
    return listed;
  }

  private static boolean isConnection(CharSequence name) {
    return AsciiString.contentEqualsIgnoreCase(CONNECTION, name);
  }

  /** The common values name no header. */
  private static boolean isPlain(CharSequence connection) {
    return AsciiString.contentEqualsIgnoreCase(connection, "keep-alive")
        || AsciiString.contentEqualsIgnoreCase(connection, "close");
  }

  private static void removeListed(Fields from, MultiMap to) {
    for (Map.Entry<CharSequence, CharSequence> header : from) {
      if (isConnection(header.getKey())) {
        removeListed(List.of(header.getValue().toString()), to);
      }
    }
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
