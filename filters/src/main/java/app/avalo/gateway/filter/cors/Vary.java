package app.avalo.gateway.filter.cors;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;

/** The Vary field (RFC 9110, 12.5.5): what a cache must compare before it reuses an answer. */
final class Vary {
  private Vary() {}

  /** Adds a field name unless it, or the star, is there already. */
  static void add(MultiMap answer, String field) {
    String first = answer.get(HttpHeaders.VARY);
    if (first == null) {
      answer.set(HttpHeaders.VARY, field);
      return;
    }
    List<String> lines = answer.getAll(HttpHeaders.VARY);
    for (String line : lines) {
      if (lists(line, field) || lists(line, "*")) {
        return;
      }
    }
    // One line: some caches read only the first.
    answer.set(HttpHeaders.VARY, String.join(", ", lines) + ", " + field);
  }

  private static boolean lists(String line, String field) {
    int from = 0;
    while (from <= line.length()) {
      int comma = line.indexOf(',', from);
      int to = comma < 0 ? line.length() : comma;
      if (line.substring(from, to).strip().equalsIgnoreCase(field)) {
        return true;
      }
      from = to + 1;
    }
    return false;
  }
}
