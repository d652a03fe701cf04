import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The gateway under test, as a process with leak detection on. */
final class GatewayProcess {
  /** What the process holds when nothing is under way. */
  record Holdings(long heap, long sockets, long direct) {}

  private final Path directory;
  private final Process process;

  GatewayProcess(Path directory, String jar, int service, int cutting, int webSockets) throws IOException {
    this.directory = directory;
    Path yaml = directory.resolve("gateway.yaml");
    Files.writeString(
        yaml,
        """
        name: soak
        listeners:
          - {name: plain, address: "127.0.0.1:0", bounds: {idleTimeout: 10s}}
          - name: tls
            address: "127.0.0.1:0"
            # Clients that abort answers share their connection with clients that do not.
            bounds: {idleTimeout: 10s, streamResets: 100000}
            tls: {certificates: [{certificate: soak.crt, key: soak.key}]}
        admin: {address: "127.0.0.1:0"}
        accessLog: {to: "off"}
        regions:
          eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
        defaults: {timeouts: {attempt: 20s, connect: 5s, total: 60s}}
        services:
          http: {regions: {eu: "http://127.0.0.1:%d"}}
          # Is suspected and convicted for what it cuts, and nobody else with it.
          cutting: {regions: {eu: "http://127.0.0.1:%d"}}
          sockets: {regions: {eu: "http://127.0.0.1:%d"}}
        routes:
          - {name: sockets, match: {path: /socket}, service: sockets}
          - {name: cutting, match: {path: {prefix: /cut}}, service: cutting}
          - {name: http, match: {path: {prefix: /}}, service: http}
        """
            .formatted(service, cutting, webSockets));
    process = new ProcessBuilder(
            java("java"),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:NativeMemoryTracking=summary",
            "-Dio.netty.leakDetection.level=paranoid",
            "-jar",
            jar,
            "run",
            yaml.toString(),
            "--loops",
            "2")
        .redirectError(log().toFile())
        .start();
  }

  /** The ports of the two listeners, as they are printed. */
  int[] ports() throws IOException {
    int[] ports = new int[2];
    while (ports[0] == 0 || ports[1] == 0) {
      String line = process.inputReader().readLine();
      Soak.check(line != null, "the gateway did not start, see " + log());
      Matcher listener = Pattern.compile("  (plain|tls) +https?://.*:(\\d+)").matcher(line);
      if (listener.matches()) {
        ports[listener.group(1).equals("tls") ? 1 : 0] = Integer.parseInt(listener.group(2));
      }
    }
    return ports;
  }

  void stop() {
    process.destroy();
  }

  /** Waits until idle connections have gone, then looks. */
  Holdings holdings() throws Exception {
    Thread.sleep(30_000);
    long heap = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      String histogram = jcmd( "GC.class_histogram");
      String[] total = histogram.substring(histogram.lastIndexOf("Total")).trim().split("\\s+");
      heap = Math.min(heap, Long.parseLong(total[2]));
    }
    long sockets;
    try (Stream<Path> files = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      sockets = files.filter(GatewayProcess::isSocket).count();
    }
    Matcher direct =
        Pattern.compile("Other \\(reserved=\\d+KB, committed=(\\d+)KB")
            .matcher(jcmd( "VM.native_memory", "summary"));
    Soak.check(direct.find(), "no figure for direct memory");
    return new Holdings(heap, sockets, Long.parseLong(direct.group(1)) << 10);
  }

  private static boolean isSocket(Path file) {
    try {
      return Files.readSymbolicLink(file).toString().startsWith("socket:");
    } catch (IOException closed) {
      return false;
    }
  }

  private String jcmd(String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of(java("jcmd"), Long.toString(process.pid())));
    all.addAll(List.of(command));
    return new String(new ProcessBuilder(all).start().getInputStream().readAllBytes());
  }

  static String java(String program) {
    return Path.of(System.getProperty("java.home"), "bin", program).toString();
  }

  Path log() {
    return directory.resolve("gateway.log");
  }
}
