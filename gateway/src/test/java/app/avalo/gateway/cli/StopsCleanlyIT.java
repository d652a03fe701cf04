package app.avalo.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.GatewayProcess;
import app.avalo.gateway.testing.RunningGateway;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM while there is work: what is in flight is finished, nothing new begins. */
@Tag("alone")
class StopsCleanlyIT {
  /** For a process to end; far less than its request may take. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Queue<HttpServerRequest> waiting = new ConcurrentLinkedQueue<>();
  private GatewayProcess gateway;

  @TempDir private Path directory;

  private void start(String grace) throws IOException {
    HttpServer region =
        RunningGateway.await(
            vertx
                .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
                .webSocketHandler(socket -> {})
                .requestHandler(
                    request -> {
                      if (request.path().equals("/slow")) {
                        waiting.add(request);
                      } else {
                        request.response().end("ok");
                      }
                    })
                .listen());
    Path file =
        Files.writeString(
            directory.resolve("gateway.yaml"),
            RunningGateway.COMMON
                + """
                regions:
                  eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
                services:
                  all:
                    regions: {eu: ["http://127.0.0.1:%d"]}
                    timeouts: {attempt: 60s, total: 60s}
                    webSocket: {connections: 2}
                routes:
                  - {name: all, match: {path: {prefix: /}}, service: all}
                shutdownGrace: %s
                """
                    .formatted(region.actualPort(), grace));
    gateway = GatewayProcess.start("run", file.toString(), "--notice", "1s");
    gateway.printedUntil("admin");
    Awaiting.until(() -> status(uri("admin", "/readyz")) == 200);
  }

  @AfterEach
  void stop() {
    gateway.close();
    RunningGateway.await(vertx.close());
  }

  private URI uri(String listener, String path) {
    return URI.create("http://127.0.0.1:" + gateway.port(listener) + path);
  }

  private int status(URI uri) {
    try {
      HttpRequest request = HttpRequest.newBuilder(uri).build();
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    } catch (IOException refused) {
      return 0;
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  @Test
  void what_is_in_flight_ends_well_and_nothing_new_begins() throws Exception {
    start("9s");
    CompletableFuture<Integer> closed = new CompletableFuture<>();
    URI chat = URI.create(uri("plain", "/chat").toString().replace("http", "ws"));
    client
        .newWebSocketBuilder()
        .buildAsync(
            chat,
            new WebSocket.Listener() {
              @Override
              public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
                closed.complete(code);
                return null;
              }
            })
        .get(10, TimeUnit.SECONDS);
    CompletableFuture<HttpResponse<String>> slow =
        client.sendAsync(
            HttpRequest.newBuilder(uri("plain", "/slow")).build(),
            HttpResponse.BodyHandlers.ofString());
    Awaiting.until(() -> waiting.size() == 1);

    gateway.signal("TERM");

    Awaiting.until(() -> status(uri("admin", "/readyz")) == 503);
    assertThat(status(uri("plain", "/"))).as("while balancers take notice").isEqualTo(200);
    Awaiting.until(this::refusesConnections);
    assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
    assertThat(closed.get(10, TimeUnit.SECONDS)).isEqualTo(1012);
    assertThat(gateway.isAlive()).as("waits for the slow request").isTrue();
    waiting.remove().response().end("at last");
    assertThat(slow.get(10, TimeUnit.SECONDS).body()).isEqualTo("at last");
    assertThat(gateway.exitCode(PATIENCE)).isEqualTo(143);
    assertThat(gateway.log()).contains("msg=\"stopped\"").contains("unfinished=\"0\"");
  }

  @Test
  void a_request_that_never_ends_does_not_hold_it_beyond_the_grace_time() throws Exception {
    start("2s");
    client.sendAsync(
        HttpRequest.newBuilder(uri("plain", "/slow?for=ever")).build(),
        HttpResponse.BodyHandlers.ofString());
    Awaiting.until(() -> waiting.size() == 1);

    gateway.signal("INT");

    assertThat(gateway.exitCode(PATIENCE)).isEqualTo(130);
  }

  private boolean refusesConnections() {
    try {
      connect();
      return false;
    } catch (IOException refused) {
      return true;
    }
  }

  private void connect() throws IOException {
    new Socket("127.0.0.1", gateway.port("plain")).close();
  }
}
