package app.avalo.gateway.admin.http;

import app.avalo.gateway.config.unit.Durations;
import app.avalo.gateway.config.yaml.Spelling;
import app.avalo.gateway.filter.identity.jose.MalformedException;
import app.avalo.gateway.filter.identity.jose.StrictJson;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The members of a JSON object, read one by one; what nobody asked for is refused at the end. Every
 * complaint has the form {@code name: value (expected ...)}.
 */
public final class Fields {
  private final String path;
  private final Map<String, Object> values;
  private final Set<String> asked = new LinkedHashSet<>();

  private Fields(String path, Map<String, Object> values) {
    this.path = path;
    this.values = values;
  }

  static Fields parse(@Nullable Buffer body) {
    try {
      return new Fields("", StrictJson.object(body == null ? new byte[0] : body.getBytes()));
    } catch (MalformedException malformed) {
      throw Refusal.malformed("body: " + malformed.getMessage() + " (expected one JSON object)");
    }
  }

  private @Nullable Object value(String name) {
    asked.add(name);
    return values.get(name);
  }

  /** Text without control characters, 1 to {@code longest} characters, or null if it is absent. */
  public @Nullable String textOrNull(String name, int longest) {
    Object value = value(name);
    String expected = "text of 1 to " + longest + " characters";
    if (value == null) {
      return null;
    }
    if (!(value instanceof String text) || text.isBlank() || text.length() > longest) {
      throw wrong(name, value, expected);
    }
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        throw wrong(name, "a control character", expected);
      }
    }
    return text;
  }

  /** Text that must be there. */
  public String text(String name, int longest) {
    String text = textOrNull(name, longest);
    if (text == null) {
      throw missing(name, "text of 1 to " + longest + " characters");
    }
    return text;
  }

  /** Text where none means the fallback. */
  public String textOr(String name, String fallback, int longest) {
    String text = textOrNull(name, longest);
    return text == null ? fallback : text;
  }

  /** One of some words. */
  public String choice(String name, List<String> words) {
    Object value = value(name);
    String expected = String.join(" or ", words);
    if (value == null) {
      throw missing(name, expected);
    }
    if (!(value instanceof String text) || !words.contains(text)) {
      throw wrong(name, value, expected);
    }
    return text;
  }

  /** A whole number within bounds. */
  public int integer(String name, int fallback, int least, int most) {
    Object value = value(name);
    if (value == null) {
      return fallback;
    }
    if (value instanceof Integer number && number >= least && number <= most) {
      return number;
    }
    throw wrong(name, value, "a whole number from " + least + " to " + most);
  }

  /** Yes or no. */
  public boolean flag(String name, boolean fallback) {
    Object value = value(name);
    if (value == null) {
      return fallback;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw wrong(name, value, "true or false");
  }

  /** A span such as {@code 15min}, or null if it is absent. */
  public @Nullable Duration durationOrNull(String name, Duration least, Duration most) {
    Object value = value(name);
    if (value == null) {
      return null;
    }
    Duration span = value instanceof String text ? Durations.parse(text) : null;
    if (span == null || span.compareTo(least) < 0 || span.compareTo(most) > 0) {
      throw wrong(
          name, value, "a span from " + Durations.format(least) + " to " + Durations.format(most));
    }
    return span;
  }

  /** Names with texts or lists of texts; an empty object if it is absent. */
  public Map<?, ?> map(String name) {
    Object value = value(name);
    if (value == null) {
      return Map.of();
    }
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw wrong(name, value, "an object");
  }

  /** Refuses members that nobody asked for. */
  public void end() {
    for (String name : values.keySet()) {
      if (!asked.contains(name)) {
        throw Refusal.malformed(path + name + ": unknown (" + Spelling.hint(name, asked) + ")");
      }
    }
  }

  /** A complaint about one member. */
  public Refusal wrong(String name, Object value, String expected) {
    String text =
        value instanceof Map<?, ?> || value instanceof List<?> ? "a structure" : value + "";
    String shown = text.length() > 64 ? text.substring(0, 64) + "..." : text;
    return Refusal.malformed(path + name, shown, expected);
  }

  private Refusal missing(String name, String expected) {
    return Refusal.malformed(path + name, "missing", expected);
  }
}
