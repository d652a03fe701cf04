import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/** What clients do to the gateway, well-behaved and otherwise. */
final class Clients {
  private final List<Scenario> scenarios;
  private final int plain;

  /** Something that a client does; returns normally only if it ended as it has to. */
  record Scenario(String name, Step step) {}

  interface Step {
    void play(Random random) throws Exception;
  }

  Clients(int plain, int tls, SSLContext trust) {
    this.plain = plain;
    Http2Client two = new Http2Client(tls);
    HttpClient one = client(trust);
    String clear = "http://localhost:" + plain;
    String secret = "https://localhost:" + tls;
    this.scenarios =
        List.of(
            new Scenario("GET", random -> echo(one, clear, random, false, 0)),
            new Scenario("GET, TLS", random -> echo(one, secret, random, false, 0)),
            new Scenario("GET, HTTP/2 and TLS", random -> echo(two, random, 0)),
            new Scenario("POST", random -> echo(one, clear, random, false, 200_000)),
            new Scenario("POST, HTTP/2 and TLS", random -> echo(two, random, 200_000)),
            new Scenario("chunked POST", random -> echo(one, clear, random, true, 200_000)),
            new Scenario("chunked POST, TLS", random -> echo(one, secret, random, true, 200_000)),
            new Scenario("WebSocket", random -> webSocket(one, clear.replace("http", "ws"), true)),
            new Scenario("WebSocket, TLS", random -> webSocket(one, secret.replace("http", "ws"), true)),
            new Scenario("aborted WebSocket", random -> webSocket(one, clear.replace("http", "ws"), false)),
            new Scenario("aborted request", this::abortRequest),
            new Scenario("aborted answer", random -> two.abort("/big", 10_000)),
            new Scenario("aborted answer, RST", random -> abortAnswer()),
            new Scenario("answer cut off upstream", random -> cutOff(() -> one.send(request(secret + "/cut").build(), BodyHandlers.ofByteArray()).statusCode())),
            new Scenario("answer cut off early", random -> Soak.check(one.send(request(clear + "/cut-early").build(), BodyHandlers.discarding()).statusCode() >= 502, "not 502")),
            new Scenario("answer cut off upstream, HTTP/2", random -> cutOff(() -> { two.exchange("/cut", new byte[0]); return 200; })),
            new Scenario("no HTTP at all", this::garbage),
            new Scenario("handshake left alone", random -> new Socket("localhost", tls).close()));
  }

  List<Scenario> scenarios() {
    return scenarios;
  }

  private static HttpClient client(SSLContext trust) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .sslContext(trust)
        .connectTimeout(Duration.ofSeconds(20))
        .build();
  }

  private static void echo(
      HttpClient client, String base, Random random, boolean chunked, int most) throws Exception {
    byte[] body = new byte[most == 0 ? 0 : random.nextInt(most)];
    random.nextBytes(body);
    BodyPublisher sent =
        chunked
            ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))
            : BodyPublishers.ofByteArray(body);
    HttpRequest.Builder request = request(base + "/echo");
    HttpResponse<byte[]> answer =
        client.send(
            most == 0 ? request.build() : request.POST(sent).build(), BodyHandlers.ofByteArray());
    Soak.check(answer.statusCode() == 200, answer.statusCode() + " " + new String(answer.body()).replaceAll("\"requestId.*", ""));
    Soak.check(Arrays.equals(answer.body(), body), "another body");
  }

  private static void echo(Http2Client client, Random random, int most) throws Exception {
    byte[] body = new byte[most == 0 ? 0 : random.nextInt(most)];
    random.nextBytes(body);
    Soak.check(Arrays.equals(client.exchange("/echo", body), body), "another body");
  }

  private static HttpRequest.Builder request(String uri) {
    return HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(30));
  }

  private static void webSocket(HttpClient client, String base, boolean politely) throws Exception {
    CompletableFuture<String> heard = new CompletableFuture<>();
    CompletableFuture<Integer> closed = new CompletableFuture<>();
    WebSocket.Listener listener =
        new WebSocket.Listener() {
          private final StringBuilder whole = new StringBuilder();

          @Override
          public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            // The client hands a message over in as many parts as it likes.
            whole.append(text);
            if (last) {
              heard.complete(whole.toString());
            }
            socket.request(1);
            return null;
          }

          @Override
          public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            closed.complete(status);
            return null;
          }
        };
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .buildAsync(URI.create(base + "/socket"), listener)
            .get(20, TimeUnit.SECONDS);
    socket.sendText("hello", true).get(20, TimeUnit.SECONDS);
    String text = heard.get(20, TimeUnit.SECONDS);
    Soak.check(text.equals("hello"), "another text: " + text);
    if (politely) {
      socket.sendClose(4000, "done").get(20, TimeUnit.SECONDS);
      Soak.check(closed.get(20, TimeUnit.SECONDS) == 4000, "another code");
    }
    socket.abort();
  }

  private void abortRequest(Random random) throws IOException {
    try (Socket socket = new Socket("localhost", plain)) {
      socket.setSoLinger(true, 0);
      String head =
          random.nextBoolean()
              ? "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nbeginning"
              : "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nbegin";
      send(socket, head.substring(0, head.length() - random.nextInt(40)));
    }
  }

  private void abortAnswer() throws IOException {
    try (Socket socket = new Socket("localhost", plain)) {
      socket.setSoLinger(true, 0);
      send(socket, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
      Soak.check(socket.getInputStream().readNBytes(10_000).length == 10_000, "too few bytes");
    }
  }

  /** A problem instead of an answer is good as well: the service is convicted now and then. */
  private static void cutOff(Callable<Integer> exchange) throws Exception {
    try {
      Soak.check(exchange.call() >= 500, "a truncated body looked complete");
    } catch (IOException asItShould) {
      return;
    }
  }

  private void garbage(Random random) throws IOException {
    try (Socket socket = new Socket("localhost", plain)) {
      byte[] bytes = new byte[64];
      random.nextBytes(bytes);
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(bytes);
      send(socket, "\r\n\r\n");
      socket.getInputStream().readAllBytes();
    } catch (java.net.SocketException reset) {
      // Closed with bytes unread: as good an end as any other.
    }
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
