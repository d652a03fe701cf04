package app.avalo.gateway.upstream;

import static app.avalo.gateway.testing.RunningGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestAuthority;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Services over TLS: trust, names, and what a failed handshake means. */
class UpstreamTlsIT {
  @TempDir private static Path directory;
  private static final AtomicInteger SERVED = new AtomicInteger();
  private static Vertx vertx;
  private static HttpServer server;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    TestAuthority authority = TestAuthority.in(Files.createDirectory(directory.resolve("own")));
    TestAuthority stranger = TestAuthority.in(Files.createDirectory(directory.resolve("other")));
    TestAuthority.Pair pair = authority.issue("dns:localhost,dns:feed.internal");
    vertx = Vertx.vertx();
    server =
        await(
            vertx
                .createHttpServer(
                    new HttpServerOptions()
                        .setSsl(true)
                        .setKeyCertOptions(
                            new PemKeyCertOptions()
                                .addCertPath(pair.certificate().toString())
                                .addKeyPath(pair.key().toString())))
                .requestHandler(
                    request -> {
                      if (!request.path().equals("/health")) {
                        SERVED.incrementAndGet();
                      }
                      request.response().end("secret " + request.version());
                    })
                .listen(0, "127.0.0.1"));
    int port = server.actualPort();
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              good: {regions: {eu: "https://localhost:%1$d"}, upstreamTls: {ca: "%2$s"}}
              named:
                regions: {eu: "https://127.0.0.1:%1$d"}
                upstreamTls: {ca: "%2$s", serverName: feed.internal}
              misnamed: {regions: {eu: "https://127.0.0.1:%1$d"}, upstreamTls: {ca: "%2$s"}}
              stranger: {regions: {eu: "https://localhost:%1$d"}, upstreamTls: {ca: "%3$s"}}
              unverified: {regions: {eu: "https://127.0.0.1:%1$d"}, upstreamTls: {verify: false}}
              plain: {regions: {eu: "http://127.0.0.1:%1$d"}}
            routes:
              - {name: good, match: {path: /good}, service: good}
              - {name: named, match: {path: /named}, service: named}
              - {name: misnamed, match: {path: /misnamed}, service: misnamed}
              - {name: stranger, match: {path: /stranger}, service: stranger}
              - {name: unverified, match: {path: /unverified}, service: unverified}
              - {name: plain, match: {path: /plain}, service: plain}
            """
                .formatted(port, authority.certificate(), stranger.certificate()));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    await(vertx.close());
  }

  private static void assertPasses(String path) {
    HttpResponse<String> answer = gateway.get(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.body()).startsWith("secret HTTP_1_1");
  }

  /** The service sees nothing, the client learns nothing, and the endpoint counts as failed. */
  private static void assertRefused(String service) {
    int before = SERVED.get();
    HttpResponse<String> answer = gateway.get("/" + service);
    assertThat(answer.statusCode()).isIn(502, 503);
    assertThat(answer.headers().firstValue("content-type")).hasValue("application/problem+json");
    assertThat(answer.body()).doesNotContain("PKIX", "Exception", "127.0.0.1");
    assertThat(SERVED.get()).isEqualTo(before);
  }

  @Test
  void the_named_authority_is_trusted_and_connections_are_used_again() {
    assertPasses("/good");
    assertPasses("/good");
  }

  @Test
  void a_server_name_replaces_the_address_in_the_check() {
    assertPasses("/named");
  }

  @Test
  void a_certificate_for_another_name_is_refused() {
    assertRefused("misnamed");
  }

  @Test
  void a_certificate_of_another_authority_is_refused() {
    assertRefused("stranger");
  }

  @Test
  void verification_can_be_switched_off() {
    assertPasses("/unverified");
  }

  @Test
  void plain_http_to_a_tls_port_is_not_an_answer() {
    assertThat(gateway.get("/plain").statusCode()).isIn(400, 502, 503);
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }
}
