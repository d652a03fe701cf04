package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.RouteConfig.HeaderEdits;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.yaml.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Binds header edits; keeps operators from headers that frame messages. */
final class HeaderRules {
  /** RFC 9110 section 7.6.1 and RFC 9112: these belong to one connection, which the relay owns. */
  private static final Set<String> OF_CONNECTION =
      Set.of(
          "connection",
          "content-length",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private static final String OWN_HOST = "rewrite.host instead";

  private HeaderRules() {}

  static HeaderEdits edits(Section edits) {
    if (!edits.isPresent()) {
      return HeaderEdits.NONE;
    }
    List<String> removed = new ArrayList<>();
    for (Node item : edits.list("remove")) {
      if (item instanceof Node.Scalar name && !edits.faults().has(item)) {
        String problem = owner(name.value(), OWN_HOST);
        if (problem != null) {
          edits.faults().unexpected(item, problem);
        }
        removed.add(name.value());
      }
    }
    return new HeaderEdits(
        List.copyOf(removed), values(edits, "set", OWN_HOST), values(edits, "add", OWN_HOST));
  }

  /**
   * Header fields by name.
   *
   * @param host what sets the Host header, and these do not
   */
  static Map<String, String> values(Section edits, String key, String host) {
    Map<String, String> values = new LinkedHashMap<>();
    edits
        .entries(key)
        .forEach(
            (name, entry) -> {
              String problem = owner(name, host);
              Node node = entry.value();
              if (problem != null) {
                String said = name + " (expected " + problem + ")";
                edits.faults().add(entry.key(), node.path(), said);
              }
              String value =
                  Section.scalar(
                      node,
                      text -> isValue(text) ? text : null,
                      "a header value of printable ASCII",
                      edits.faults());
              if (value != null) {
                values.put(name, value);
              }
            });
    return ConfigBinder.ordered(values);
  }

  /** What should be there instead of a header that is not the operator's, or null if it is. */
  private static @Nullable String owner(String name, String host) {
    String small = name.toLowerCase(Locale.ROOT);
    if (OF_CONNECTION.contains(small)) {
      return "a header that does not belong to the connection";
    }
    return small.equals("host") ? host : null;
  }

  /** Whether the text may be a field value: printable ASCII, inside also spaces and tabs. */
  static boolean isValue(String text) {
    return text.equals(text.strip())
        && text.chars().allMatch(c -> c == '\t' || (c >= ' ' && c < 0x7f));
  }
}
