package app.avalo.gateway.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A server with a main method in a process of its own, which can be killed and stopped as the
 * operating system does it. Prints {@code READY port} when it listens; has to end when its input
 * does, so that it ends with the process that started it.
 */
public final class ServerProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Process process;
  private final Writer input;
  private final BlockingQueue<String> output = new LinkedBlockingQueue<>();
  private final int port;

  private ServerProcess(Class<?> main, List<String> arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                classes(main).toString(),
                main.getName()));
    command.addAll(arguments);
    this.process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    this.input = process.outputWriter(StandardCharsets.UTF_8);
    Thread reader = new Thread(this::readAll, "server-process");
    reader.setDaemon(true);
    reader.start();
    String ready = nextLine();
    if (!ready.startsWith("READY ")) {
      process.destroyForcibly();
      throw new IOException(ready + " (expected READY and the port)");
    }
    this.port = Integer.parseInt(ready.substring("READY ".length()));
  }

  /** Starts one and waits until it listens; it needs no classes but those beside its own. */
  public static ServerProcess start(Class<?> main, String... arguments) {
    try {
      return new ServerProcess(main, List.of(arguments));
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
        throw new IllegalStateException("the server survived SIGKILL");
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

  @Override
  public void close() {
    kill();
  }

  /** Sends a line and waits until it is answered with OK. */
  public void command(String line) {
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

  private static Path classes(Class<?> main) {
    try {
      return Path.of(main.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
