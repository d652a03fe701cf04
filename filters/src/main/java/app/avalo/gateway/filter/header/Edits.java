package app.avalo.gateway.filter.header;

import app.avalo.gateway.config.RouteConfig.HeaderEdits;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

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

  static Edits of(HeaderEdits edits) {
    return new Edits(
        edits.remove().stream()
            .filter(Edits::touchable)
            .map(HttpHeaders::createOptimized)
            .toArray(CharSequence[]::new),
        pairs(edits.set()),
        pairs(edits.add()));
  }

  private static CharSequence[] pairs(Map<String, String> edits) {
    return edits.entrySet().stream()
        .filter(edit -> touchable(edit.getKey()))
        .flatMap(edit -> List.of(edit.getKey(), edit.getValue()).stream())
        .map(HttpHeaders::createOptimized)
        .toArray(CharSequence[]::new);
  }

  private static boolean touchable(String name) {
    return !name.startsWith(":") && !UNTOUCHABLE.contains(name.toLowerCase(Locale.ROOT));
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
