import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** A service that sends frames without an end to whoever opens a WebSocket, and such a caller. */
final class Sockets implements AutoCloseable {
  private static final int PAYLOAD = 1000;
  private static final int HEAD = 4; // of a frame of that length
  private static final int POLICY = 1008;
  private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  private final ServerSocket server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());

  Sockets() throws IOException {
    daemon(this::accept);
  }

  private static void daemon(Runnable work) {
    Thread thread = new Thread(work);
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        daemon(() -> serve(socket));
      }
    } catch (IOException closed) {
      // The end.
    }
  }

  private static void serve(Socket socket) {
    try (socket) {
      BufferedReader head =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      String key = "";
      for (String line = head.readLine(); line != null && !line.isEmpty(); line = head.readLine()) {
        if (line.regionMatches(true, 0, "sec-websocket-key:", 0, 18)) {
          key = line.substring(18).strip();
        }
      }
      OutputStream out = socket.getOutputStream();
      out.write(answer(key).getBytes(StandardCharsets.US_ASCII));
      byte[] frame = new byte[HEAD + PAYLOAD];
      frame[0] = (byte) 0x82; // binary, whole
      frame[1] = 126;
      frame[2] = (byte) (PAYLOAD >> 8);
      frame[3] = (byte) PAYLOAD;
      while (!key.isEmpty()) {
        out.write(frame);
      }
    } catch (IOException | NoSuchAlgorithmException gone) {
      // The gateway closes when nobody pays.
    }
  }

  private static String answer(String key) throws NoSuchAlgorithmException {
    if (key.isEmpty()) {
      return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    }
    byte[] digest =
        MessageDigest.getInstance("SHA-1").digest((key + MAGIC).getBytes(StandardCharsets.US_ASCII));
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: "
        + Base64.getEncoder().encodeToString(digest)
        + "\r\n\r\n";
  }

  /**
   * Reads until it is closed; it should be by 1008, between two frames. Who comes when the others
   * have spent all is refused.
   */
  static Streams.Flow read(URI uri) {
    Reader reader = new Reader();
    try {
      HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(uri, reader).join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof WebSocketHandshakeException refused
          && refused.getResponse().statusCode() == Streams.REFUSED) {
        return Streams.Flow.NONE;
      }
      throw failed;
    }
    return reader.ended.join();
  }

  private static final class Reader implements WebSocket.Listener {
    private final CompletableFuture<Streams.Flow> ended = new CompletableFuture<>();
    private long began;
    private long bytes;
    private boolean whole = true;

    @Override
    public void onOpen(WebSocket socket) {
      began = System.nanoTime();
      socket.request(1);
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
      bytes += data.remaining() + (last ? HEAD : 0);
      whole = last;
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      end(code == POLICY && whole, code + " " + reason);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable failure) {
      end(false, failure.toString());
    }

    private void end(boolean good, String how) {
      if (!good) {
        System.out.println(how + (whole ? "" : " within a frame"));
      }
      ended.complete(new Streams.Flow(bytes, System.nanoTime() - began, good));
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
