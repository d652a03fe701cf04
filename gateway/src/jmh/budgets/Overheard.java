import app.avalo.gateway.filter.redis.RedisServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What gateways say to Redis of budgets, as it tells who monitors it. */
final class Overheard implements AutoCloseable {
  private final Socket socket;
  private final List<String> commands = new ArrayList<>(); // guarded by this

  /** Listens from now on. */
  Overheard(RedisServer redis) throws IOException {
    socket = new Socket("127.0.0.1", redis.port());
    socket.getOutputStream().write("MONITOR\r\n".getBytes(StandardCharsets.US_ASCII));
    BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
    lines.readLine(); // +OK
    new Thread(() -> listen(lines)).start();
  }

  private void listen(BufferedReader lines) {
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        // +1700000000.123456 [0 127.0.0.1:5000] "EVALSHA" ..., quoted as one may say it again.
        int command = line.toUpperCase(Locale.ROOT).indexOf("] \"EVAL") + 2;
        if (command > 1 && line.contains("\"avalo:budget:")) {
          add(line.substring(command));
        }
      }
    } catch (IOException closed) {
      // The end.
    }
  }

  private synchronized void add(String command) {
    commands.add(command);
  }

  synchronized List<String> commands() {
    return new ArrayList<>(commands);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
