import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * How long the event loops of processes wanted to run and had no processor, as Linux counts it. What
 * a request waits meanwhile the machine makes it wait. Looked at every few milliseconds; the figure of
 * a moment is that of the looks around it, so it may be some of another moment's.
 */
final class Processors implements AutoCloseable {
  private static final long EVERY_NANOS = 5_000_000;
  private static final int STOLEN = 8; // column of /proc/stat
  private static final int TICK_MILLIS = 10;

  /** Of one loop: microseconds since 1970, and microseconds waited until then. */
  private static final class Loop {
    final Path thread;
    long[] at = new long[1024];
    long[] waited = new long[1024];
    int looks;

    Loop(Path thread) {
      this.thread = thread;
    }

    void look() {
      long now = micros();
      long sum;
      try {
        sum = count(thread, 1) / 1000;
      } catch (IOException killed) {
        return;
      }
      if (looks > 0 && waited[looks - 1] == sum) {
        return; // what stands before holds
      }
      if (looks == at.length) {
        at = Arrays.copyOf(at, 2 * looks);
        waited = Arrays.copyOf(waited, 2 * looks);
      }
      at[looks] = now;
      waited[looks++] = sum;
    }

    long between(long from, long until) {
      int before = Arrays.binarySearch(at, 0, looks, from);
      int after = Arrays.binarySearch(at, 0, looks, until);
      before = before < 0 ? -before - 2 : before;
      after = after < 0 ? Math.min(looks - 1, -after - 1) : after;
      return after < 0 ? 0 : waited[after] - (before < 0 ? 0 : waited[before]);
    }
  }

  private final List<Loop> loops = new ArrayList<>();
  private final Thread looking = new Thread(this::look, "processors");
  private final long stolenBefore = stolenMillis();
  private volatile boolean closed;
  private long stolen; // once it is closed

  /** Looks at the one loop of each process, until it is closed. */
  Processors(List<Long> processes) {
    for (long process : processes) {
      loops.add(new Loop(loop(process)));
    }
    looking.setDaemon(true);
    looking.start();
  }

  /** Milliseconds for which processors had work and the host gave them to others, since it began. */
  static long stolenMillis() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
      String[] ticks = lines.findFirst().orElse("").split(" +");
      return ticks.length > STOLEN ? TICK_MILLIS * Long.parseLong(ticks[STOLEN]) : 0;
    } catch (IOException e) {
      return 0; // no Linux: nobody says
    }
  }

  /** Of the loops that one which has run longest: the other one only watches. */
  private static Path loop(long process) {
    Path busiest = null;
    long most = -1;
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(process), "task"))) {
      for (Path thread : threads) {
        boolean loop = Files.readString(thread.resolve("comm")).startsWith("vert.x-eventloo");
        long ran = loop ? count(thread, 0) : -1;
        if (ran > most) {
          most = ran;
          busiest = thread;
        }
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    return Objects.requireNonNull(busiest);
  }

  private static long count(Path thread, int column) throws IOException {
    return Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[column]);
  }

  private void look() {
    while (!closed) {
      loops.forEach(Loop::look);
      LockSupport.parkNanos(EVERY_NANOS);
    }
  }

  /** Microseconds that a loop waited for a processor between two moments, and a look around them. */
  long waited(int process, long fromMicros, long untilMicros) {
    long around = EVERY_NANOS / 1000;
    return loops.get(process).between(fromMicros - around, untilMicros + around);
  }

  static long micros() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }

  /** For how long, in all, the host gave processors to others until this was closed. */
  long takenAwayMillis() {
    return stolen;
  }

  @Override
  public void close() {
    closed = true;
    stolen = stolenMillis() - stolenBefore;
    try {
      looking.join();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }
}
