package app.avalo.gateway.alert;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.GatewayProcess;
import app.avalo.gateway.testing.RunningGateway;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway is killed after it said that operators are to be told, and before they were. */
class KilledWhileTellingIT {
  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Queue<String> received = new ConcurrentLinkedQueue<>();
  private volatile boolean listening;
  private Path yaml;
  @TempDir private Path directory;

  @BeforeEach
  void write() throws IOException {
    HttpServer receiver = serve(this::receive);
    HttpServer region = serve(request -> request.response().end("ok"));
    yaml =
        Files.writeString(
            directory.resolve("gateway.yaml"),
            RunningGateway.COMMON
                + """
                regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
                services: {ai: {regions: {eu: "http://127.0.0.1:%d"}}}
                routes: [{name: ai, match: {path: {prefix: /}}, service: ai}]
                budgets: {month: {amount: 1 PLN, services: [ai], cost: {perRequest: 0.10 PLN}}}
                state: {directory: "%s"}
                alerts:
                  webhook:
                    url: "http://127.0.0.1:%d/"
                    secret: "${env:NOT_SET:-webhook-secret-of-32-bytes-or-more}"
                """
                    .formatted(region.actualPort(), directory, receiver.actualPort()));
  }

  private HttpServer serve(Handler<HttpServerRequest> handler) {
    return RunningGateway.await(
        vertx.createHttpServer().requestHandler(handler).listen(0, "127.0.0.1"));
  }

  private void receive(HttpServerRequest request) {
    if (listening) {
      received.add(request.getHeader("avalo-alert"));
      request.response().setStatusCode(204).end();
    } else {
      request.response().setStatusCode(503).end();
    }
  }

  @AfterEach
  void stop() {
    RunningGateway.await(vertx.close());
  }

  private void spend(GatewayProcess gateway, int requests) throws Exception {
    URI ai = URI.create("http://127.0.0.1:" + gateway.port("plain") + "/ai");
    for (int i = 0; i < requests; i++) {
      client.send(HttpRequest.newBuilder(ai).build(), HttpResponse.BodyHandlers.discarding());
    }
  }

  /** Spends until the log says that an alert is told, and dies. */
  private void killedWhileTelling() throws Exception {
    try (GatewayProcess gateway = GatewayProcess.start("run", yaml.toString())) {
      spend(gateway.ready(), 7);
      Awaiting.until(() -> gateway.log().contains("budget notice"));
      gateway.signal("KILL");
      gateway.exitCode(Duration.ofSeconds(20));
    }
  }

  private void toldByTheNext() {
    listening = true;
    try (GatewayProcess gateway = GatewayProcess.start("run", yaml.toString())) {
      gateway.port("plain");
      Awaiting.until(() -> !received.isEmpty());
      assertThat(received.peek()).startsWith("month/").endsWith("/alert");
    }
  }

  @Test
  void before_the_alert_stands_in_a_file() throws Exception {
    Path draft = Files.createDirectory(directory.resolve("alerts.json.draft")); // cannot be written
    killedWhileTelling();
    assertThat(directory.resolve("alerts.json")).doesNotExist();
    Files.delete(draft);

    toldByTheNext();

    assertThat(received).hasSize(1);
  }

  @Test
  void as_soon_as_the_log_says_so() throws Exception {
    killedWhileTelling();

    toldByTheNext();

    assertThat(received).allMatch(received.peek()::equals);
  }
}
