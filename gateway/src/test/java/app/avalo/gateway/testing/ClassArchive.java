package app.avalo.gateway.testing;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/**
 * The classes of the gateway as its Java machine keeps them in memory, in a file (JEP 350): with it
 * a process starts for half of the processor's time. Made once for each jar, by whoever is first,
 * from a demo that ends when it has begun. A machine that cannot use it goes on without.
 */
final class ClassArchive {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private ClassArchive() {}

  /** Options of the Java machine that use it. */
  static synchronized List<String> options(Path jar) throws IOException {
    Path archive = jar.resolveSibling("avalo-gateway.jsa");
    try (FileChannel channel =
        FileChannel.open(
            jar.resolveSibling("avalo-gateway.jsa.lock"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE)) {
      channel.lock(); // until it is closed
      if (!isOf(jar, archive)) {
        make(archive);
      }
    }
    return Files.exists(archive)
        ? List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto", "-Xlog:cds=off")
        : List.of();
  }

  private static boolean isOf(Path jar, Path archive) throws IOException {
    return Files.exists(archive)
        && Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar)) > 0;
  }

  private static void make(Path archive) throws IOException {
    Path draft = archive.resolveSibling("avalo-gateway.jsa.draft");
    List<String> recording = List.of("-XX:ArchiveClassesAtExit=" + draft, "-Xlog:cds=off");
    try (GatewayProcess demo =
        GatewayProcess.startExactly(recording, List.of("demo", "--free-ports"))) {
      demo.printedUntil("Ctrl-C ends the demo");
      demo.signal("TERM");
      demo.exitCode(PATIENCE);
    }
    if (Files.exists(draft)) {
      Files.move(draft, archive, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
