package app.avalo.gateway.config.load;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files that the project ships: the platform's and the demo's. */
class PlatformFilesTest {
  private static final Path DEMO = Path.of("demo/gateway.yaml");
  private static final String SECRET = "open-sesame-open-sesame-open-sesame";
  static final Map<String, String> ENV =
      Map.of(
          "AVALO_VIEWER_TOKEN", SECRET,
          "AVALO_OPERATOR_TOKEN", SECRET,
          "AVALO_ADMIN_TOKEN", SECRET,
          "AVALO_PIN_KEY", SECRET,
          "AVALO_REDIS_PASSWORD", SECRET);

  static Stream<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("avalo"))) {
      return Stream.concat(Stream.of(DEMO), files.sorted().toList().stream());
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyFileTellsEditorsItsSchema(Path file) throws IOException {
    assertThat(Files.readAllLines(file).get(0))
        .isEqualTo("# yaml-language-server: $schema=../schema/gateway.schema.json");
  }

  @Test
  void theDemoLoadsWithoutAnyEnvironment() {
    Loaded.Valid valid = valid(ConfigLoader.load(DEMO, name -> null));

    assertThat(Plan.compile(valid.config()).routes()).hasSize(14);
    assertThat(valid.config().listeners().get(0).address()).hasToString("127.0.0.1:8080");
  }

  @Test
  void theDemoTakesItsPortsFromTheEnvironment() {
    Map<String, String> env = Map.of("DEMO_PORT", "7000", "DEMO_ASIA_PORT", "7003");

    Loaded.Valid valid = valid(ConfigLoader.load(DEMO, env::get));

    assertThat(valid.config().listeners().get(0).address().port()).isEqualTo(7000);
    assertThat(valid.config().services().get("ai").regions().get("asia").get(0).port())
        .isEqualTo(7003);
  }

  @Test
  void thePlatformDoesNotStartWithoutItsSecrets() {
    Loaded loaded = ConfigLoader.load(Path.of("avalo"), name -> null);

    assertThat(loaded).isInstanceOf(Loaded.Invalid.class);
    assertThat(((Loaded.Invalid) loaded).faults()).hasSize(5);
  }

  private static Loaded.Valid valid(Loaded loaded) {
    assertThat(loaded instanceof Loaded.Invalid invalid ? invalid.faults() : null).isNull();
    return (Loaded.Valid) loaded;
  }
}
