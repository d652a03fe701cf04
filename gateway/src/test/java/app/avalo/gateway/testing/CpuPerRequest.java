package app.avalo.gateway.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** CPU that a process takes per request, under the load of wrk over 64 kept connections. */
public final class CpuPerRequest {
  private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in");

  private CpuPerRequest() {}

  /**
   * Microseconds of CPU per request over so many seconds.
   *
   * @param options of wrk, as a script that makes the requests
   */
  public static double micros(long pid, String url, int seconds, String... options)
      throws IOException, InterruptedException {
    long before = cpuNanos(pid);
    List<String> command =
        new ArrayList<>(List.of("wrk", "-t1", "-c64", "-d" + seconds + "s", url));
    command.addAll(1, List.of(options));
    Process wrk = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed;
    try (BufferedReader reader = wrk.inputReader()) {
      printed = String.join("\n", reader.lines().toList());
    }
    wrk.waitFor();
    Matcher requests = REQUESTS.matcher(printed);
    if (!requests.find() || printed.contains("Non-2xx")) {
      throw new IllegalStateException(printed);
    }
    return (cpuNanos(pid) - before) / 1000.0 / Long.parseLong(requests.group(1));
  }

  /**
   * Of all threads that live but the compiler's, whose work is not of requests; to the nanosecond,
   * unlike the clock ticks of {@code stat}.
   */
  public static long cpuNanos(long pid) throws IOException {
    long sum = 0;
    List<Path> threads;
    try (Stream<Path> found = Files.list(Path.of("/proc/" + pid + "/task"))) {
      threads = found.toList();
    }
    for (Path thread : threads) {
      try {
        if (!Files.readString(thread.resolve("comm")).contains("Compiler")) {
          sum += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]);
        }
      } catch (IOException ended) {
        // A thread that has just ended.
      }
    }
    return sum;
  }

  /** Keeps all threads of a process, and what it starts, to one processor of the machine. */
  public static void keepTo(int processor, long pid) throws IOException {
    Process taskset =
        new ProcessBuilder("taskset", "-acp", "" + processor, "" + pid)
            .redirectErrorStream(true)
            .start();
    String printed = String.join("\n", taskset.inputReader().lines().toList());
    if (taskset.onExit().join().exitValue() != 0) {
      throw new IllegalStateException(printed);
    }
  }
}
