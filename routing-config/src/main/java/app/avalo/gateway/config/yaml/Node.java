package app.avalo.gateway.config.yaml;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A value of a YAML file with its position and its path from the root. */
public sealed interface Node {
  Mark mark();

  /** {@code routes[2].match.path}; empty for the root. */
  String path();

  /** How the value is named in a fault: as written, shortened, never a resolved secret. */
  String shown();

  /**
   * Keys and values in the order of the file.
   *
   * @param entries by key
   */
  record Mapping(Mark mark, String path, Map<String, Entry> entries) implements Node {
    public @Nullable Node get(String key) {
      Entry entry = entries.get(key);
      return entry == null ? null : entry.value();
    }

    /** The path of a key, whether or not it is there. */
    public String at(String key) {
      return path.isEmpty() ? key : path + "." + key;
    }

    @Override
    public String shown() {
      return entries.isEmpty() ? "an empty mapping" : "a mapping";
    }
  }

  /**
   * A value and where its key stands.
   *
   * @param key position of the key
   * @param value what it holds
   */
  record Entry(Mark key, Node value) {}

  /**
   * A list.
   *
   * @param items in order
   */
  record Sequence(Mark mark, String path, List<Node> items) implements Node {
    @Override
    public String shown() {
      return items.isEmpty() ? "an empty list" : "a list";
    }
  }

  /**
   * A single value.
   *
   * @param raw as written, placeholders unresolved
   * @param value with placeholders resolved
   * @param kind what YAML takes the resolved value for
   */
  record Scalar(Mark mark, String path, String raw, String value, Kind kind) implements Node {
    private static final int SHOWN = 80;

    /** User and password in an address. */
    private static final Pattern CREDENTIALS = Pattern.compile("://[^/@\\s]*@");

    /** Whether any of the value came from outside the file. */
    public boolean isResolved() {
      return !raw.equals(value);
    }

    @Override
    public String shown() {
      if (kind == Kind.NOTHING && !isResolved()) {
        return "nothing";
      }
      if (raw.isBlank()) {
        return '"' + raw.replace("\n", "\\n") + '"';
      }
      String safe = CREDENTIALS.matcher(raw).replaceAll("://***@");
      StringBuilder text = new StringBuilder();
      int end = Math.min(safe.length(), SHOWN);
      for (int i = 0; i < end; i++) {
        char c = safe.charAt(i);
        text.append(Character.isISOControl(c) ? '?' : c);
      }
      return end < safe.length() ? text.append("...").toString() : text.toString();
    }
  }

  /** What a single value is. */
  enum Kind {
    TEXT,
    WHOLE,
    DECIMAL,
    BOOLEAN,
    NOTHING
  }
}
