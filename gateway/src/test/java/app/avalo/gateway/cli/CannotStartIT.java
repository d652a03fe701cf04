package app.avalo.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.GatewayProcess;
import app.avalo.gateway.testing.RunningGateway;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that cannot start says why in one line and ends. */
class CannotStartIT {
  private static final String SECTIONS =
      """
      regions:
        eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
      routes:
        - {name: robots, match: {path: /robots.txt}, respond: {body: none}}
      """;

  @TempDir private Path directory;

  private String failure(String yaml) throws IOException {
    Path file = Files.writeString(directory.resolve("gateway.yaml"), yaml);
    try (GatewayProcess process = GatewayProcess.start("run", file.toString())) {
      assertThat(process.exitCode(Duration.ofSeconds(30))).isEqualTo(Failure.CANNOT_START);
      assertThat(process.log()).doesNotContain("\tat ");
      return process.log().lines().filter(line -> line.startsWith("cannot start")).toList().get(0);
    }
  }

  @Test
  void a_port_that_is_taken_is_named_with_its_listener() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      int port = taken.getLocalPort();

      String plain =
          failure((RunningGateway.COMMON + SECTIONS).replaceFirst(":0\"", ":" + port + "\""));
      String admin =
          failure(
              (RunningGateway.COMMON + SECTIONS)
                  .replace(
                      "admin: {address: \"127.0.0.1:0", "admin: {address: \"127.0.0.1:" + port));

      assertThat(plain).startsWith("cannot start: listener plain on 127.0.0.1:" + port + ": ");
      assertThat(admin).startsWith("cannot start: admin on 127.0.0.1:" + port + ": ");
    }
  }

  @Test
  void a_state_directory_that_cannot_be_made_is_named() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");

    String told =
        failure(RunningGateway.COMMON + SECTIONS + "state: {directory: " + file + "/state}\n");

    assertThat(told).startsWith("cannot start: ").contains(file.toString());
  }
}
