import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Stands for the database that the regions replicate: a row for each user with the highest epoch
 * and the keys of what was written, changed together; and the journal of all that was accepted. It
 * lives on when regions die.
 */
final class Ledger implements AutoCloseable {
  private final ServerSocket server =
      new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
  private final Map<String, Long> fences = new HashMap<>(); // guarded by this, as all below
  private final Set<String> keys = new HashSet<>();
  private final List<Entry> journal = new ArrayList<>();
  private long stale;
  private long late;

  /**
   * One accepted write.
   *
   * @param key unlike those of all other writes
   * @param arrivedNanos when its region asked for it
   */
  record Entry(
      String user, String cell, long epoch, String key, String region, long arrivedNanos) {}

  Ledger() throws IOException {
    daemon(this::acceptAll);
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "ledger");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  private void acceptAll() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        socket.setTcpNoDelay(true);
        daemon(() -> serve(socket));
      } catch (IOException closed) {
        // The loop's condition tells.
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
      PrintWriter out = new PrintWriter(socket.getOutputStream(), true);
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] words = line.split(" ");
        Entry entry =
            new Entry(
                words[0],
                words[1],
                Long.parseLong(words[2]),
                words[3],
                words[4],
                Long.parseLong(words[5]));
        out.println(write(entry, Long.parseLong(words[6]), Boolean.parseBoolean(words[7])));
      }
    } catch (IOException gone) {
      // The region was killed; what it had asked for stands.
    }
  }

  private synchronized String write(Entry entry, long untilMillis, boolean fence) {
    if (keys.contains(entry.key())) {
      return "OK";
    }
    long highest = fences.getOrDefault(entry.user(), 0L);
    if (fence && entry.epoch() < highest) {
      stale++;
      return "STALE " + highest;
    }
    if (fence && System.currentTimeMillis() > untilMillis) {
      late++;
      return "LATE " + highest;
    }
    fences.put(entry.user(), Math.max(highest, entry.epoch()));
    keys.add(entry.key());
    journal.add(entry);
    return "OK";
  }

  /** What was accepted so far, in order. */
  synchronized List<Entry> journal() {
    return List.copyOf(journal);
  }

  /** Writes refused for their epoch. */
  synchronized long stale() {
    return stale;
  }

  /** Writes refused because their lease had ended. */
  synchronized long late() {
    return late;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
