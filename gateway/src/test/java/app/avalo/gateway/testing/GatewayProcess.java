package app.avalo.gateway.testing;

import app.avalo.gateway.filter.Tether;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The gateway as its users start it: {@code java -jar avalo-gateway.jar}, in a process that can be
 * sent signals and ends with the one that started it. Needs the jar, so only for ITs, which run
 * after it is packaged.
 */
public final class GatewayProcess implements AutoCloseable {
  private static final Path JAR = Path.of("target", "avalo-gateway.jar");
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final List<String> printed = new ArrayList<>();
  private final Path log;

  private GatewayProcess(List<String> options, List<String> arguments) throws IOException {
    if (!Files.exists(JAR)) {
      throw new IllegalStateException(JAR.toAbsolutePath() + " (expected `mvn package` before)");
    }
    log = Files.createTempFile("gateway-process-", ".log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(options);
    command.addAll(List.of("-jar", JAR.toString()));
    command.addAll(arguments);
    process = new ProcessBuilder(Tether.tie(command)).redirectError(log.toFile()).start();
    Thread reader = new Thread(this::readAll, "gateway-process");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts one with these arguments. */
  public static GatewayProcess start(String... arguments) {
    return startWith(List.of(), arguments);
  }

  /** Starts one with these arguments, and options of its Java machine. */
  public static GatewayProcess startWith(List<String> options, String... arguments) {
    try {
      List<String> all = new ArrayList<>(ClassArchive.options(JAR));
      all.addAll(options);
      return startExactly(all, List.of(arguments));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Starts one with these arguments, and these options besides the usual. */
  static GatewayProcess startExactly(List<String> options, List<String> arguments)
      throws IOException {
    return new GatewayProcess(options, arguments);
  }

  /** Everything printed so far, once a line with this text has been printed. */
  public List<String> printedUntil(String text) {
    try {
      while (printed.stream().noneMatch(line -> line.contains(text))) {
        String line = lines.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (line == null || line.equals("\0")) {
          throw new AssertionError("no '" + text + "' in " + printed + "\n" + log());
        }
        printed.add(line);
      }
      return List.copyOf(printed);
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  /** The port of what is printed under this name; waits for the line. */
  public int port(String name) {
    Pattern line = Pattern.compile("  " + name + " +https?://.*:(\\d+)");
    for (String each : printedUntil("  " + name + " ")) {
      Matcher matcher = line.matcher(each);
      if (matcher.matches()) {
        return Integer.parseInt(matcher.group(1));
      }
    }
    throw new AssertionError("no port of " + name + " in " + printed);
  }

  /** Waits until it is ready for requests. */
  public GatewayProcess ready() {
    URI readyz = URI.create("http://127.0.0.1:" + port("admin") + "/readyz");
    Awaiting.until(() -> isFine(readyz));
    return this;
  }

  private static boolean isFine(URI uri) {
    try {
      return ((HttpURLConnection) uri.toURL().openConnection()).getResponseCode() == 200;
    } catch (IOException refused) {
      return false;
    }
  }

  /** Sends TERM, HUP, INT or KILL. */
  public void signal(String name) {
    try {
      String pid = Long.toString(process.pid());
      int exit = new ProcessBuilder("kill", "-" + name, pid).inheritIO().start().waitFor();
      if (exit != 0) {
        throw new AssertionError("kill -" + name + " exited with " + exit);
      }
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  /** Waits for the end of the process, at most this long. */
  public int exitCode(Duration atMost) {
    try {
      if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("still running after " + atMost + "\n" + log());
      }
      return process.exitValue();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** What it has written to its log. */
  public String log() {
    try {
      return Files.readString(log);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private void readAll() {
    try (BufferedReader reader = process.inputReader()) {
      reader.lines().forEach(lines::add);
    } catch (IOException | UncheckedIOException ended) {
      lines.add(ended.toString());
    }
    lines.add("\0");
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
      Files.deleteIfExists(log);
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }
}
