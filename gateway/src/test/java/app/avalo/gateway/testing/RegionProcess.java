package app.avalo.gateway.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A {@link TestRegion} in a process of its own, which can be killed and stopped as the operating
 * system does it. Ends with the process that started it, because its input ends.
 */
public final class RegionProcess implements AutoCloseable {
  private final ServerProcess process;
  private final Path journal;

  private RegionProcess(String name, int port) throws IOException {
    this.journal = Files.createTempFile("region-" + name + "-", ".ids");
    this.process =
        ServerProcess.start(TestRegion.class, name, Integer.toString(port), journal.toString());
  }

  /** A normal region on a free port, ready for connections. */
  public static RegionProcess start(String name) {
    return start(name, 0);
  }

  /** A normal region on this port, for one that returns where it was. */
  public static RegionProcess start(String name, int port) {
    try {
      return new RegionProcess(name, port);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return process.port();
  }

  /** See {@link ServerProcess#kill}. */
  public void kill() {
    process.kill();
  }

  /** See {@link ServerProcess#stop}. */
  public void stop() {
    process.stop();
  }

  /** See {@link ServerProcess#resume}. */
  public void resume() {
    process.resume();
  }

  /** Treats traffic and checks alike from now on. */
  public void mode(Mode mode) {
    process.command("mode " + mode);
  }

  /** Treats all but checks this way from now on. */
  public void trafficMode(Mode mode) {
    process.command("traffic " + mode);
  }

  /** Treats checks this way from now on. */
  public void healthMode(Mode mode) {
    process.command("health " + mode);
  }

  /** The delay of {@link Mode#DELAY}. */
  public void delay(Duration delay) {
    process.command("delay " + delay.toMillis());
  }

  /** Ids of all requests that arrived, in order; also after the process was killed. */
  public List<String> ids() {
    try {
      return Files.readAllLines(journal);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Kills the process and removes its journal. */
  @Override
  public void close() {
    kill();
    try {
      Files.deleteIfExists(journal);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
