package app.avalo.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.demo.Tour;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The README shows the tour that the demo prints, which another test runs line by line. */
class ReadmeTest {
  @Test
  void the_readme_has_every_line_of_the_tour() throws IOException {
    String readme = Files.readString(Path.of("..", "README.md"));

    assertThat(new Tour(8080, 9090, 18080, 18081).text().lines().filter(line -> !line.isBlank()))
        .allSatisfy(line -> assertThat(readme).contains(line.strip()));
  }

  @Test
  void the_readme_has_the_two_commands() throws IOException {
    assertThat(Files.readAllLines(Path.of("..", "README.md")))
        .contains(
            "mvn -q -DskipTests package && java -jar gateway/target/avalo-gateway.jar demo",
            "mvn verify");
  }
}
