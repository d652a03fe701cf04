package app.avalo.gateway.testing;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;

/**
 * The conformance tests of HTTP/2 as a program, which the test dependency of the same name carries
 * for Linux and macOS on x86-64.
 */
public final class H2spec {
  private static final int BLOCK = 512;
  private static final int PATIENCE_SECONDS = 60;

  private final Path program;

  private H2spec(Path program) {
    this.program = program;
  }

  /** Unpacks the program into a directory. */
  public static H2spec in(Path directory) {
    String system = System.getProperty("os.name").startsWith("Mac") ? "darwin" : "linux";
    String archive = "/h2spec/2.2.0/h2spec_" + system + "_amd64.tar.gz";
    try (InputStream packed = H2spec.class.getResourceAsStream(archive);
        DataInputStream tar = new DataInputStream(new GZIPInputStream(packed))) {
      byte[] header = tar.readNBytes(BLOCK);
      // POSIX.1-1988 tar: the size of the only member, in octal digits.
      String size = new String(header, 124, 11, StandardCharsets.US_ASCII);
      Path program = directory.resolve("h2spec");
      Files.write(program, tar.readNBytes(Integer.parseInt(size.trim(), 8)));
      if (!program.toFile().setExecutable(true)) {
        throw new IOException(program + ": cannot be made executable");
      }
      return new H2spec(program);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Runs everything, strictly, against a port of this machine; returns what it printed. */
  public String run(int port, String... options) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of("-h", "127.0.0.1", "-p", Integer.toString(port), "-P", "/feed"));
    // Seconds it waits for a frame; with its default of 2 it blames a busy machine.
    command.addAll(List.of("-o", "10"));
    command.addAll(List.of(options));
    Path output = program.resolveSibling("output-" + port);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return Files.readString(output);
  }
}
