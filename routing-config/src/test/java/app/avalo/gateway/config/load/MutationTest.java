package app.avalo.gateway.config.load;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whatever happens to a file, loading ends with a configuration or with faults. */
class MutationTest {
  private static final byte[] DEMO = demo();
  private static final String ALPHABET = "{}[]:,-\"'#&*!|>%@` \n\t$0aZ/.\\\u0000é";

  @Property(tries = 300)
  void noMutationThrows(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] bytes = DEMO.clone();
    for (int edits = 1 + random.nextInt(6); edits > 0; edits--) {
      bytes = mutated(bytes, random);
    }

    Loaded loaded = ConfigLoader.parse("demo.yaml", bytes);

    if (loaded instanceof Loaded.Invalid invalid) {
      assertThat(invalid.faults()).isNotEmpty();
    } else {
      Plan.compile(((Loaded.Valid) loaded).config());
    }
  }

  /** Swaps, cuts, doubles or replaces a piece. */
  private static byte[] mutated(byte[] bytes, Random random) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int from = random.nextInt(text.length());
    int to = Math.min(text.length(), from + random.nextInt(40));
    String piece = text.substring(from, to);
    char letter = ALPHABET.charAt(random.nextInt(ALPHABET.length()));
    String instead =
        switch (random.nextInt(4)) {
          case 0 -> "";
          case 1 -> piece + piece;
          case 2 -> letter + piece.substring(Math.min(1, piece.length()));
          default -> new StringBuilder(piece).reverse().toString();
        };
    return (text.substring(0, from) + instead + text.substring(to))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] demo() {
    try {
      return Files.readAllBytes(Path.of("demo/gateway.yaml"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
