package app.avalo.gateway.observe;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes access lines: one ring per event loop, one thread that empties them. A sink that is slow,
 * full or broken costs lines, which are counted, and never time of an event loop.
 */
public final class AccessLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);
  private static final int RING_BYTES = 512 << 10;
  private static final long REST_NANOS = 20_000_000;
  private static final long CLOSE_MILLIS = 2_000;

  private final List<LineRing> rings = new CopyOnWriteArrayList<>();
  private final Thread writer = new Thread(this::run, "access-log");
  private volatile String target; // to
  private volatile boolean reopen; // to, reopen; the writer clears it
  private volatile boolean closed; // close
  private volatile boolean resting; // the writer
  private volatile long written; // the writer
  private volatile long lost; // the writer
  private @Nullable OutputStream sink; // the writer
  private boolean complained; // the writer

  /**
   * An open log; its thread runs until it is closed.
   *
   * @param target {@code stdout}, {@code off} or a file path
   */
  public AccessLog(String target) {
    this.target = target;
    this.reopen = true;
    writer.setDaemon(true);
    writer.start();
  }

  /** Changes where lines go from now on. */
  public void to(String target) {
    if (!target.equals(this.target)) {
      this.target = target;
      reopen();
    }
  }

  /** Opens the file again, after somebody has moved it away. */
  public void reopen() {
    reopen = true;
    LockSupport.unpark(writer);
  }

  /** Whether anything is written at all. */
  boolean isOn() {
    return !"off".equals(target);
  }

  /** A ring for one more loop. */
  LineRing ring() {
    LineRing ring = new LineRing(RING_BYTES);
    rings.add(ring);
    return ring;
  }

  /** Tells the writer that a ring fills; costs a volatile read unless it rests. */
  void hurry() {
    if (resting) {
      LockSupport.unpark(writer);
    }
  }

  /** Lines that reached the sink. */
  public long written() {
    return written;
  }

  /** Lines that found their ring full. */
  public long dropped() {
    long dropped = 0;
    for (LineRing ring : rings) {
      dropped += ring.dropped();
    }
    return dropped;
  }

  /** Lines lost because the sink failed. */
  public long lost() {
    return lost;
  }

  private void run() {
    while (!closed) {
      openIfAsked();
      if (!drain()) {
        resting = true;
        LockSupport.parkNanos(REST_NANOS);
        resting = false;
      }
    }
    openIfAsked();
    drain();
    closeSink();
  }

  private void openIfAsked() {
    if (reopen) {
      reopen = false;
      open();
    }
  }

  private boolean drain() {
    boolean any = false;
    for (LineRing ring : rings) {
      if (!ring.isEmpty()) {
        any = true;
        drain(ring);
      }
    }
    return any;
  }

  private void drain(LineRing ring) {
    OutputStream to = sink;
    long before = ring.taken();
    try {
      ring.drainTo(to == null ? OutputStream.nullOutputStream() : to);
      long lines = ring.taken() - before;
      written += to == null ? 0 : lines;
      lost += to == null && isOn() ? lines : 0;
      complained = complained && to == null;
    } catch (IOException broken) {
      lost += ring.taken() - before;
      complain(broken);
    }
  }

  private void open() {
    String wanted = target;
    try {
      OutputStream fresh =
          switch (wanted) {
            case "off" -> null;
            case "stdout" -> new FileOutputStream(FileDescriptor.out);
            default -> new FileOutputStream(wanted, true);
          };
      closeSink();
      sink = fresh;
    } catch (IOException unopenable) {
      complain(unopenable); // the old file, if there is one, still takes lines
    }
  }

  private void closeSink() {
    OutputStream old = sink;
    sink = null;
    // Closing standard output would take it from everybody else in the process.
    if (old instanceof FileOutputStream file && !isStandardOutput(file)) {
      try {
        file.close();
      } catch (IOException nothingIsLeftToSave) {
        complain(nothingIsLeftToSave);
      }
    }
  }

  private static boolean isStandardOutput(FileOutputStream file) {
    try {
      return file.getFD() == FileDescriptor.out;
    } catch (IOException closed) {
      return false;
    }
  }

  private void complain(IOException failure) {
    if (!complained) {
      complained = true;
      LOG.atWarn()
          .addKeyValue("to", target)
          .addKeyValue("error", failure.getMessage())
          .log("access log not writable, lines are lost");
    }
  }

  /** Writes what waits and ends the thread; waits two seconds at most, so not on an event loop. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(writer);
    try {
      writer.join(CLOSE_MILLIS);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
