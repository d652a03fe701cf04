import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.Executors;

/**
 * A region's wallet, as a process: takes writes and hands each to the {@link Ledger}, which all
 * regions share as they would share a replicated database. Arguments: name, port, port of the ledger, and {@code fence} or {@code
 * blind} for one that ignores epochs.
 */
final class Region {
  private static final int THREADS = 16; // each with a connection to the ledger, for a ms a write

  private final String name;
  private final int ledger;
  private final boolean fence;
  private final ThreadLocal<Session> sessions = new ThreadLocal<>();

  private Region(String name, int ledger, boolean fence) {
    this.name = name;
    this.ledger = ledger;
    this.fence = fence;
  }

  /** One thread's connection to the ledger. */
  private record Session(PrintWriter out, BufferedReader in) {
    static Session open(int port) throws IOException {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      return new Session(
          new PrintWriter(socket.getOutputStream(), true),
          new BufferedReader(new InputStreamReader(socket.getInputStream())));
    }
  }

  public static void main(String[] arguments) throws IOException {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    Region region =
        new Region(arguments[0], Integer.parseInt(arguments[2]), arguments[3].equals("fence"));
    int port = Integer.parseInt(arguments[1]);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1024);
    server.setExecutor(Executors.newFixedThreadPool(THREADS));
    server.createContext("/health", exchange -> answer(exchange, 200, "ok"));
    server.createContext("/wallet", region::write);
    server.start();
    System.out.println("READY " + server.getAddress().getPort());
    while (System.in.read() >= 0) {
      // Until whoever started it is gone.
    }
    System.exit(0);
  }

  private void write(HttpExchange exchange) throws IOException {
    Headers headers = exchange.getRequestHeaders();
    exchange.getRequestBody().readAllBytes();
    exchange.getResponseHeaders().set("X-Region", name);
    String epoch = headers.getFirst("X-Pin-Epoch");
    String until = headers.getFirst("X-Pin-Until");
    if (epoch == null || until == null) {
      answer(exchange, 400, "no epoch or lease");
      return;
    }
    Session session = sessions.get();
    if (session == null) {
      session = Session.open(ledger);
      sessions.set(session);
    }
    session.out.printf(
        "%s %s %s %s %s %d %s %b%n",
        headers.getFirst("X-Avalo-User"),
        headers.getFirst("X-Pin-Cell"),
        epoch,
        headers.getFirst("Idempotency-Key"),
        name,
        System.nanoTime(),
        until,
        fence);
    String[] verdict = session.in.readLine().split(" ");
    if (!verdict[0].equals("OK")) {
      exchange.getResponseHeaders().set("X-Pin-Current", verdict[1]);
    }
    answer(exchange, verdict[0].equals("OK") ? 200 : 409, verdict[0]);
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    exchange.sendResponseHeaders(status, text.length());
    exchange.getResponseBody().write(text.getBytes());
    exchange.close();
  }
}
