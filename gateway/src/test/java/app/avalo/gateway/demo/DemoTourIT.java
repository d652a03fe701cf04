package app.avalo.gateway.demo;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.GatewayProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The demo as it is started, and every line of its tour as it is printed. */
class DemoTourIT {
  /** One line of the tour and what its output must hold. */
  private record Line(String command, List<String> expected) {}

  static Stream<Shell> shells() {
    return Shell.hasCurl() ? Stream.of(Shell.bash(), new SmallCurl()) : Stream.of(new SmallCurl());
  }

  /** At the same time, each with a demo of its own: they mostly wait. */
  @Test
  void every_line_of_the_tour_shows_what_it_promises() {
    List<CompletableFuture<Void>> tours =
        shells()
            .map(shell -> CompletableFuture.runAsync(() -> tour(shell), DemoTourIT::inItsThread))
            .toList();

    assertThat(tours).isNotEmpty().allSatisfy(CompletableFuture::join);
  }

  private static void inItsThread(Runnable tour) {
    new Thread(tour, "tour").start();
  }

  private static void tour(Shell shell) {
    try (GatewayProcess demo = GatewayProcess.start("demo", "--free-ports")) {
      List<Line> lines = lines(demo.printedUntil("Ctrl-C ends the demo"));
      assertThat(lines).hasSizeGreaterThan(10);

      for (Line line : lines) {
        String output = shell.run(line.command()).replaceAll("\\s+", " ");
        assertThat(output).as(shell + ": " + line.command()).isNotBlank();
        assertThat(line.expected())
            .as(shell + ": " + line.command())
            .allSatisfy(text -> assertThat(output).contains(text));
      }

      demo.signal("INT");
      assertThat(demo.exitCode(Duration.ofSeconds(10))).isEqualTo(130);
    }
  }

  private static List<Line> lines(List<String> printed) {
    List<Line> lines = new ArrayList<>();
    for (String line : printed) {
      if (line.startsWith("    curl ")) {
        lines.add(new Line(line.strip(), new ArrayList<>()));
      } else if (line.startsWith("    -> ")) {
        lines.get(lines.size() - 1).expected().add(line.substring("    -> ".length()));
      }
    }
    return lines;
  }
}
