package app.avalo.gateway.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TetherIT {
  private static final List<String> LONG = List.of("sleep", "60");

  @Test
  void aServerEndsWithTheInputThatItsStarterHeld() throws IOException, InterruptedException {
    Process server = new ProcessBuilder(Tether.tie(LONG)).start();

    server.getOutputStream().close();

    assertThat(server.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(server.exitValue()).as("128 and SIGKILL").isEqualTo(137);
  }

  @Test
  void aServerIsTheProcessThatWasStarted() throws IOException, InterruptedException {
    Process server = new ProcessBuilder(Tether.tie(List.of("/bin/sh", "-c", "echo $$"))).start();

    String printed = server.inputReader().readLine();

    assertThat(printed).isEqualTo(Long.toString(server.pid()));
    assertThat(server.waitFor(10, TimeUnit.SECONDS)).isTrue();
  }
}
