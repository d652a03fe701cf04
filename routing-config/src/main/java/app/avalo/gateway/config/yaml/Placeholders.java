package app.avalo.gateway.config.yaml;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Fills {@code ${env:NAME}}, {@code ${env:NAME:-default}} and {@code ${file:PATH}} into scalars;
 * {@code $${} stands for a literal <code>${</code>.
 */
public final class Placeholders {
  private static final int FILE_BYTES = 64 * 1024;

  private final Function<String, @Nullable String> env;
  private final Set<Path> files = new LinkedHashSet<>();

  public Placeholders(Function<String, @Nullable String> env) {
    this.env = env;
  }

  /** Files that were named, readable or not. */
  public Set<Path> files() {
    return files;
  }

  /** The text with every placeholder filled; adds a fault and returns null if one cannot be. */
  @Nullable String resolve(String raw, Mark mark, String path, Faults faults) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (true) {
      int open = raw.indexOf("${", at);
      if (open < 0) {
        return out.append(raw, at, raw.length()).toString();
      }
      if (open > at && raw.charAt(open - 1) == '$') {
        out.append(raw, at, open - 1).append("${");
        at = open + 2;
        continue;
      }
      int close = raw.indexOf('}', open);
      String inside = close < 0 ? "" : raw.substring(open + 2, close);
      String value = null;
      String problem = "expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}";
      if (inside.startsWith("env:")) {
        value = fromEnvironment(inside.substring(4));
        problem = "expected the environment to set " + inside.substring(4);
      } else if (inside.startsWith("file:")) {
        value = fromFile(inside.substring(5), mark.source().directory());
        problem = "expected a readable text file of at most 64 KiB";
      }
      if (value == null) {
        String shown = close < 0 ? raw.substring(open) : raw.substring(open, close + 1);
        faults.add(mark, path, shown + " (" + problem + ")");
        return null;
      }
      out.append(raw, at, open).append(value);
      at = close + 1;
    }
  }

  private @Nullable String fromEnvironment(String spec) {
    int fallback = spec.indexOf(":-");
    String value = env.apply(fallback < 0 ? spec : spec.substring(0, fallback));
    boolean absent = value == null || value.isEmpty();
    return !absent ? value : fallback < 0 ? null : spec.substring(fallback + 2);
  }

  private @Nullable String fromFile(String name, Path directory) {
    try {
      Path file = directory.resolve(name).normalize();
      files.add(file);
      if (!Files.isRegularFile(file)) {
        return null;
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = in.readNBytes(FILE_BYTES + 1);
        return bytes.length > FILE_BYTES ? null : trimmed(decode(bytes));
      }
    } catch (IOException | InvalidPathException unreadable) {
      return null;
    }
  }

  static String decode(byte[] bytes) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }

  /** Without one newline at the end: editors and {@code kubectl} add it. */
  private static String trimmed(String text) {
    String cut = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    return cut.endsWith("\r") ? cut.substring(0, cut.length() - 1) : cut;
  }
}
