package app.avalo.gateway.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A named sequence of bytes from a file of such lines: {@code name | bytes} with {@code \r \n \t \0
 * \\ \xHH} for what cannot be written; lines that begin with a number sign are comments.
 */
public record Escaped(String name, String text) {

  /** Every case of a file beside a test class; what stands in braces is replaced first. */
  public static List<Escaped> read(Class<?> beside, String file, String... replacements) {
    List<Escaped> all = new ArrayList<>();
    try (InputStream in = beside.getResourceAsStream(file)) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        if (!line.startsWith("#")) {
          int bar = line.indexOf(" | ");
          String bytes = line.substring(bar + 3);
          for (int i = 0; i < replacements.length; i += 2) {
            bytes = bytes.replace(replacements[i], replacements[i + 1]);
          }
          all.add(new Escaped(line.substring(0, bar), unescaped(bytes)));
        }
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    return all;
  }

  private static String unescaped(String line) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      switch (line.charAt(++i)) {
        case 'r' -> text.append('\r');
        case 'n' -> text.append('\n');
        case 't' -> text.append('\t');
        case '0' -> text.append('\0');
        case '\\' -> text.append('\\');
        case 'x' -> {
          text.append((char) Integer.parseInt(line.substring(i + 1, i + 3), 16));
          i += 2;
        }
        default -> throw new IllegalArgumentException(line + " at " + i);
      }
    }
    return text.toString();
  }

  @Override
  public String toString() {
    return name;
  }
}
