package app.avalo.gateway.config.load;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlatformFilesTest {
  @Test
  void theDemoLoadsWithoutAnyEnvironment() {
    Loaded.Valid valid = valid(ConfigLoader.load(Path.of("demo/gateway.yaml"), name -> null));

    assertThat(Plan.compile(valid.config()).routes()).hasSize(13);
    assertThat(valid.config().listeners().get(0).address()).hasToString("127.0.0.1:8080");
  }

  @Test
  void theDemoTakesItsPortsFromTheEnvironment() {
    Map<String, String> env = Map.of("DEMO_PORT", "7000", "DEMO_ASIA_PORT", "7003");

    Loaded.Valid valid = valid(ConfigLoader.load(Path.of("demo/gateway.yaml"), env::get));

    assertThat(valid.config().listeners().get(0).address().port()).isEqualTo(7000);
    assertThat(valid.config().services().get("ai").regions().get("asia").get(0).port())
        .isEqualTo(7003);
  }

  private static Loaded.Valid valid(Loaded loaded) {
    assertThat(loaded instanceof Loaded.Invalid invalid ? invalid.faults() : null).isNull();
    return (Loaded.Valid) loaded;
  }
}
