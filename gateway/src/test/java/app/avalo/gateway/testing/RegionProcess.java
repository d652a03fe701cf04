package app.avalo.gateway.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A {@link TestRegion} in a process of its own, which can be killed and stopped as the operating
 * system does it. Ends with the process that started it, because its input ends.
 */
public final class RegionProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Process process;
  private final Writer input;
  private final BlockingQueue<String> output = new LinkedBlockingQueue<>();
  private final Path journal;
  private final int port;

  private RegionProcess(String name, int port) throws IOException {
    this.journal = Files.createTempFile("region-" + name + "-", ".ids");
    this.process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                classes().toString(),
                TestRegion.class.getName(),
                name,
                Integer.toString(port),
                journal.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    this.input = process.outputWriter(StandardCharsets.UTF_8);
    Thread reader = new Thread(this::readAll, "region-process-" + name);
    reader.setDaemon(true);
    reader.start();
    String ready = nextLine();
    if (!ready.startsWith("READY ")) {
      process.destroyForcibly();
      throw new IOException(ready + " (expected READY and the port)");
    }
    this.port = Integer.parseInt(ready.substring("READY ".length()));
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
    return port;
  }

  /** SIGKILL; returns once the process is gone and its port is closed. */
  public void kill() {
    process.destroyForcibly();
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException("the region survived SIGKILL");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** SIGSTOP: the kernel still accepts connections, nothing answers. */
  public void stop() {
    signal("STOP");
  }

  /** SIGCONT after {@link #stop}. */
  public void resume() {
    signal("CONT");
  }

  /** Treats traffic and checks alike from now on. */
  public void mode(Mode mode) {
    command("mode " + mode);
  }

  /** Treats all but checks this way from now on. */
  public void trafficMode(Mode mode) {
    command("traffic " + mode);
  }

  /** Treats checks this way from now on. */
  public void healthMode(Mode mode) {
    command("health " + mode);
  }

  /** The delay of {@link Mode#DELAY}. */
  public void delay(Duration delay) {
    command("delay " + delay.toMillis());
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

  private void command(String line) {
    try {
      input.write(line + "\n");
      input.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String answer = nextLine();
    if (!answer.equals("OK")) {
      throw new IllegalStateException(answer + " (expected OK)");
    }
  }

  private void signal(String name) {
    try {
      int exit =
          new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid())
              .inheritIO()
              .start()
              .waitFor();
      if (exit != 0) {
        throw new IllegalStateException("kill -" + name + " exited with " + exit);
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void readAll() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        output.add(line);
      }
    } catch (IOException e) {
      output.add(e.toString());
    }
    output.add("END");
  }

  private String nextLine() {
    try {
      String line = output.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return line == null ? "nothing" : line;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path classes() {
    try {
      return Path.of(TestRegion.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
