package app.avalo.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.FrameUpstream;
import app.avalo.gateway.testing.Http2Wire;
import app.avalo.gateway.testing.RunningGateway;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What clients leave unread, on a connection to an HTTP/2 service that they share with others. */
class UnreadAnswersIT {
  private static final int PIECE = 16_000;
  private static final int MEBIBYTE = 1 << 20;

  private final BlockingQueue<FrameUpstream.Call> calls = new LinkedBlockingQueue<>();
  private final FrameUpstream eu = new FrameUpstream();
  private final List<Http2Wire> clients = new ArrayList<>();
  private final RunningGateway gateway =
      RunningGateway.startExactly(
          """
          name: test
          listeners: [{name: plain, address: "127.0.0.1:0", http2: true}]
          admin: {address: "127.0.0.1:0"}
          accessLog: {to: "off"}
          regions:
            eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
          defaults: {health: {timeout: 9s, interval: 9s}}
          services:
            feed:
              protocol: http2
              regions: {eu: "http://127.0.0.1:%d"}
              timeouts: {connect: 5s, attempt: 8s, total: 60s}
          routes:
            - {name: all, match: {path: {prefix: /}}, service: feed}
          """
              .formatted(eu.port()));

  UnreadAnswersIT() {
    eu.script(call -> calls.add(call.fields(false, ":status", "200")));
  }

  @AfterEach
  void stop() {
    clients.forEach(Http2Wire::close);
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    gateway.close();
    eu.close();
  }

  private FrameUpstream.Call next() throws InterruptedException {
    FrameUpstream.Call call = calls.poll(10, TimeUnit.SECONDS);
    assertThat(call).isNotNull();
    return call;
  }

  /** Calls on this connection to the service whose answers nobody reads. */
  private List<FrameUpstream.Call> unread(int connection, int count) throws InterruptedException {
    List<FrameUpstream.Call> unread = new ArrayList<>();
    while (unread.isEmpty()) {
      Http2Wire client = new Http2Wire(gateway.port());
      clients.add(client);
      client.get(1, "/unread");
      FrameUpstream.Call first = next();
      // The gateway's loops have a connection each.
      if (first.connection() == connection) {
        unread.add(first);
        for (int i = 1; i < count; i++) {
          client.get(2 * i + 1, "/unread");
          unread.add(next());
        }
      }
    }
    return unread;
  }

  private CompletableFuture<HttpResponse<Void>> read() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .build()
        .sendAsync(HttpRequest.newBuilder(gateway.uri("/read")).build(), BodyHandlers.discarding());
  }

  @Test
  void however_much_is_unread_there_is_room_for_who_reads() throws Exception {
    CompletableFuture<HttpResponse<Void>> answer = read();
    FrameUpstream.Call reader = next();
    List<FrameUpstream.Call> unread = unread(reader.connection(), 8);

    for (int i = 0; i < MEBIBYTE / PIECE; i++) {
      for (FrameUpstream.Call call : unread) {
        if (call.window() >= PIECE) {
          call.data(PIECE);
        }
        Awaiting.until(() -> reader.window() >= PIECE && reader.connectionWindow() >= MEBIBYTE);
        reader.data(PIECE);
      }
    }
    reader.data("", true);

    assertThat(answer.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
  }

  @Test
  void who_comes_when_much_is_unread_has_a_connection_without_it() throws Exception {
    CompletableFuture<HttpResponse<Void>> answer = read();
    FrameUpstream.Call first = next();
    List<FrameUpstream.Call> unread = unread(first.connection(), 40);
    Awaiting.until(() -> send(unread) > 16 * MEBIBYTE);
    // The window of the connection has its last size, so what is missing in it is unread.
    Awaiting.until(() -> send(unread) < 14 * MEBIBYTE);
    // What was written before has been taken once this has come.
    first.data("", true);
    answer.get(10, TimeUnit.SECONDS);

    clients.get(clients.size() - 1).get(81, "/more");

    assertThat(next().connection()).isNotEqualTo(first.connection());
  }

  /** Sends to each as far as it may; returns what the connection still takes. */
  private static int send(List<FrameUpstream.Call> calls) {
    try {
      for (FrameUpstream.Call call : calls) {
        if (call.window() >= PIECE && call.connectionWindow() >= PIECE) {
          call.data(PIECE);
        }
      }
      return calls.get(0).connectionWindow();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
