package app.avalo.gateway.filter.header;

import app.avalo.gateway.config.RouteConfig.HeaderEdits;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The edits of one route and direction, without those that would break the message.
 *
 * @param remove names
 * @param set name and value by turns
 * @param add name and value by turns
 */
record Edits(CharSequence[] remove, CharSequence[] set, CharSequence[] add) {
  /**
   * Fields that belong to the connection (RFC 9110, 7.6.1) or say where the message ends (RFC 9112,
   * 6): a value from a file here is a request-smuggling hole. {@code Host} has its own key.
   */
  private static final Set<String> UNTOUCHABLE =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "http2-settings",
          "content-length",
          "host");

  /** All that may be edited. */
  static Edits of(HeaderEdits edits) {
    return of(edits, Edits::touchable);
  }

  /** Likewise, but what may be cached, and for how long, stays as it is. */
  static Edits exceptCaching(HeaderEdits edits) {
    return of(edits, name -> touchable(name) && !speaksOfCaching(name));
  }

  private static Edits of(HeaderEdits edits, Predicate<String> editable) {
    return new Edits(
        edits.remove().stream()
            .filter(editable)
            .map(HttpHeaders::createOptimized)
            .toArray(CharSequence[]::new),
        pairs(edits.set(), editable),
        pairs(edits.add(), editable));
  }

  private static CharSequence[] pairs(Map<String, String> edits, Predicate<String> editable) {
    return edits.entrySet().stream()
        .filter(edit -> editable.test(edit.getKey()))
        .flatMap(edit -> List.of(edit.getKey(), edit.getValue()).stream())
        .map(HttpHeaders::createOptimized)
        .toArray(CharSequence[]::new);
  }

  private static boolean touchable(String name) {
    return !name.startsWith(":") && !UNTOUCHABLE.contains(name.toLowerCase(Locale.ROOT));
  }

  /** {@code Cache-Control} and its targeted kin (RFC 9213), as {@code CDN-Cache-Control}. */
  private static boolean speaksOfCaching(String name) {
    String small = name.toLowerCase(Locale.ROOT);
    return small.endsWith("cache-control")
        || small.equals("expires")
        || small.equals("surrogate-control");
  }

  void apply(MultiMap headers) {
    for (CharSequence name : remove) {
      headers.remove(name);
    }
    for (int i = 0; i < set.length; i += 2) {
      headers.set(set[i], set[i + 1]);
    }
    for (int i = 0; i < add.length; i += 2) {
      headers.add(add[i], add[i + 1]);
    }
  }
}
