import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What many clients cost a gateway: heap per idle keep-alive client and per idle WebSocket, and the
 * resident memory that one client takes which reads nothing. Prints a table; exits 1 if a bound
 * that must hold does not.
 *
 * <p>Arguments: number of clients, then {@code PID:PORT} of each gateway that shares them.
 */
final class Clients {
  private static final int TEXT = 0x81;
  private static final String UPGRADE =
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  /** Client preface, then windows so large that only the gateway's own bounds stop the flood. */
  private static final int[] HTTP2_FLOOD = {
    0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff, // SETTINGS_INITIAL_WINDOW_SIZE
    0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0, 0, 0, // WINDOW_UPDATE of the connection
    0, 0, 0x0d, 1, 5, 0, 0, 0, 1, // HEADERS, end of stream and headers
    0x82, 0x86, 0x04, 6, '/', 'f', 'l', 'o', 'o', 'd', 0x01, 1, 'a'
  };

  private static boolean missed;

  private record Gateway(long pid, int port) {
    static Gateway of(String text) {
      String[] parts = text.split(":");
      return new Gateway(Long.parseLong(parts[0]), Integer.parseInt(parts[1]));
    }

    /** Live bytes of the heap, after a full collection. */
    long heap() {
      try {
        Process jcmd =
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                    Long.toString(pid),
                    "GC.class_histogram")
                .start();
        String last = "";
        for (String line : new String(jcmd.getInputStream().readAllBytes()).split("\n")) {
          last = line.startsWith("Total") ? line : last;
        }
        return Long.parseLong(last.trim().split("\\s+")[2]);
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }

    long rss() {
      try {
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
          if (line.startsWith("VmRSS")) {
            return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
          }
        }
        return 0;
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }

    /** A connection from one of this machine's addresses; each has ports of its own. */
    Socket connect(int client) throws IOException {
      InetAddress from = InetAddress.getByName("127.0.1." + (1 + client / 5000));
      Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), port, from, 0);
      socket.setSoTimeout(30_000);
      socket.setTcpNoDelay(true);
      return socket;
    }
  }

  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[0]);
    List<Gateway> gateways = new ArrayList<>();
    for (int i = 1; i < arguments.length; i++) {
      gateways.add(Gateway.of(arguments[i]));
    }
    List<Socket> warm = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      warm.add(webSocket(gateways.get(i % gateways.size()), i));
      warm.add(keepAlive(gateways.get(i % gateways.size()), i));
    }
    close(warm);
    System.out.printf("%-44s %10s %8s%n", "", "measured", "must");
    many(gateways, count, "idle keep-alive client: heap", 8, Clients::keepAlive);
    many(gateways, count, "idle WebSocket, both sides: heap", 25, Clients::webSocket);
    flood(gateways.get(0), "HTTP/1.1", "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
    StringBuilder http2 = new StringBuilder("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    for (int octet : HTTP2_FLOOD) {
      http2.append((char) octet);
    }
    flood(gateways.get(0), "HTTP/2", http2.toString());
    flood(gateways.get(0), "WebSocket", "GET /flood HTTP/1.1\r\nHost: a\r\n" + UPGRADE);
    System.exit(missed ? 1 : 0);
  }

  private interface Opening {
    Socket open(Gateway gateway, int client) throws IOException;
  }

  private static void many(
      List<Gateway> gateways, int count, String what, int mustKiB, Opening opening)
      throws Exception {
    long heap = sum(gateways, true);
    long rss = sum(gateways, false);
    List<Socket> open = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      open.add(opening.open(gateways.get(i % gateways.size()), i));
    }
    double heapKiB = (sum(gateways, true) - heap) / 1024.0 / count;
    double rssKiB = (sum(gateways, false) - rss) / 1024.0 / count;
    missed |= heapKiB > mustKiB;
    System.out.printf(
        "%-44s %6.1f KiB %4d KiB   (%d open, RSS %.1f KiB each)%n",
        what, heapKiB, mustKiB, open.size(), rssKiB);
    String keep = System.getenv("HISTOGRAM");
    if (keep != null) {
      new ProcessBuilder("jcmd", Long.toString(gateways.get(0).pid()), "GC.class_histogram")
          .redirectOutput(Path.of(keep + "." + mustKiB).toFile())
          .start()
          .waitFor();
    }
    close(open);
    Thread.sleep(2000);
  }

  private static long sum(List<Gateway> gateways, boolean heap) {
    return gateways.stream().mapToLong(each -> heap ? each.heap() : each.rss()).sum();
  }

  private static Socket keepAlive(Gateway gateway, int client) throws IOException {
    Socket socket = gateway.connect(client);
    send(socket, "GET /feed HTTP/1.1\r\nHost: a\r\n\r\n");
    head(socket, "HTTP/1.1 200");
    socket.getInputStream().skipNBytes(1024);
    return socket;
  }

  private static Socket webSocket(Gateway gateway, int client) throws IOException {
    Socket socket = gateway.connect(client);
    send(socket, "GET /chat HTTP/1.1\r\nHost: a\r\n" + UPGRADE);
    head(socket, "HTTP/1.1 101");
    socket.getOutputStream().write(new byte[] {(byte) TEXT, (byte) 0x82, 1, 2, 3, 4, 'h' ^ 1, 'i' ^ 2});
    byte[] echo = socket.getInputStream().readNBytes(4);
    if (echo.length < 4 || echo[2] != 'h' || echo[3] != 'i') {
      throw new IOException("client " + client + ": no echo");
    }
    return socket;
  }

  /** Reads nothing for as long as the gateway still grows, and five seconds more. */
  private static void flood(Gateway gateway, String protocol, String request) throws Exception {
    gateway.heap();
    long before = gateway.rss();
    long most = before;
    try (Socket socket = gateway.connect(0)) {
      send(socket, request);
      for (int still = 0; still < 50; still++) {
        Thread.sleep(100);
        if (gateway.rss() > most + (1 << 20)) {
          most = gateway.rss();
          still = 0;
        }
      }
    }
    double grown = (most - before) / 1048576.0;
    missed |= grown > 32;
    System.out.printf(
        "%-44s %6.1f MiB %4d MiB%n", "600 MB to a client that reads nothing, " + protocol, grown, 32);
    Thread.sleep(1000);
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void head(Socket socket, String start) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || head.lastIndexOf("\r\n\r\n") != head.length() - 4) {
      int next = in.read();
      if (next < 0 || head.length() > 8192) {
        throw new IOException("no answer, but " + head);
      }
      head.append((char) next);
    }
    if (head.indexOf(start) != 0) {
      throw new IOException("unexpected answer: " + head);
    }
  }

  private static void close(List<Socket> sockets) throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
