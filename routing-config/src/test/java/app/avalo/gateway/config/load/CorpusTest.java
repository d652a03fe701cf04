package app.avalo.gateway.config.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One small file per mistake; its first line pins the one message that an operator reads. */
class CorpusTest {
  private static final Path BROKEN = Path.of("src/test/resources/broken");
  private static final String EXPECT = "# expect: ";
  private static final Map<String, String> ENV =
      Map.of(
          "SHORT", "sesame",
          "TOKEN", "open-sesame-open-sesame",
          "KEY", "open-sesame-open-sesame-open-sesame");

  static Stream<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(BROKEN)) {
      return files.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void oneMistakeGivesOneExactMessage(Path file) throws IOException {
    Loaded loaded = ConfigLoader.load(file, ENV::get);

    String name = file + ":";
    List<String> messages =
        loaded instanceof Loaded.Invalid invalid
            ? invalid.faults().stream().map(f -> f.toString().replace(name, "")).toList()
            : List.of();
    assertThat(messages).containsExactly(expected(file));
  }

  @ParameterizedTest
  @MethodSource("files")
  void noMessageHoldsASecret(Path file) {
    Loaded loaded = ConfigLoader.load(file, ENV::get);

    assertThat(loaded.toString()).doesNotContain("sesame", "hunter2");
  }

  @Test
  void theCorpusIsLarge() throws IOException {
    assertThat(files()).hasSizeGreaterThanOrEqualTo(60);
  }

  private static String expected(Path file) throws IOException {
    String first = Files.readString(file, StandardCharsets.UTF_8).lines().findFirst().orElse("");
    assertThat(first).startsWith(EXPECT);
    return first.substring(EXPECT.length());
  }
}
