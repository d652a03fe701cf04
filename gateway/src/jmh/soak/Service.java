import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** The service behind the gateway: echoes bodies, sends large ones, and cuts some off. */
final class Service {
  private static final byte[] BIG = new byte[5 << 20];

  private Service() {}

  static HttpServer start() throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 1024);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", Service::serve);
    server.start();
    return server;
  }

  private static void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (path.startsWith("/cut")) {
      // The gateway holds a beginning for as long as it may ask again.
      int sent = path.equals("/cut-early") ? 20_000 : 500_000;
      exchange.sendResponseHeaders(200, 2 * sent);
      exchange.getResponseBody().write(new byte[sent]);
      exchange.getResponseBody().flush();
      throw new IOException("cut off");
    }
    byte[] answer = path.equals("/big") ? BIG : body;
    // Zero means chunked, -1 nothing.
    exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length % 2 == 0 ? 0 : answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }
}
