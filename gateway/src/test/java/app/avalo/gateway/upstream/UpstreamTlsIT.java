package app.avalo.gateway.upstream;

import static app.avalo.gateway.testing.RunningGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestAuthority;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
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
  private static ServerSocket silent;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws Exception {
    TestAuthority authority = TestAuthority.in(Files.createDirectory(directory.resolve("own")));
    TestAuthority stranger = TestAuthority.in(Files.createDirectory(directory.resolve("other")));
    TestAuthority.Pair pair = authority.issue("dns:localhost,dns:feed.internal");
    TestAuthority.Pair own = authority.issue("dns:gateway.avalo.test");
    silent = new ServerSocket(0, 64, InetAddress.getByName("127.0.0.1"));
    vertx = Vertx.vertx();
    server =
        await(
            vertx
                .createHttpServer(
                    new HttpServerOptions()
                        .setSsl(true)
                        .setClientAuth(ClientAuth.REQUEST)
                        .setTrustOptions(
                            new PemTrustOptions().addCertPath(authority.certificate().toString()))
                        .setKeyCertOptions(
                            new PemKeyCertOptions()
                                .addCertPath(pair.certificate().toString())
                                .addKeyPath(pair.key().toString())))
                .requestHandler(
                    request -> {
                      if (!request.path().equals("/health")) {
                        SERVED.incrementAndGet();
                      }
                      if ("session".equals(request.query())) {
                        request.response().putHeader("connection", "close");
                        SSLSession session = request.connection().sslSession();
                        request.response().end("" + session.getCreationTime());
                        return;
                      }
                      request.response().end("secret " + request.version() + peer(request));
                    })
                .listen(0, "127.0.0.1"));
    int port = server.actualPort();
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              good: {regions: {eu: "https://localhost:%1$d"}, upstreamTls: {ca: "%2$s", handshakeTimeout: 9s}}
              named:
                regions: {eu: "https://127.0.0.1:%1$d"}
                upstreamTls: {ca: "%2$s", serverName: feed.internal, handshakeTimeout: 9s}
              misnamed: {regions: {eu: "https://127.0.0.1:%1$d"}, upstreamTls: {ca: "%2$s", handshakeTimeout: 9s}}
              stranger: {regions: {eu: "https://localhost:%1$d"}, upstreamTls: {ca: "%3$s"}}
              unverified: {regions: {eu: "https://127.0.0.1:%1$d"}, upstreamTls: {verify: false, handshakeTimeout: 9s}}
              plain: {regions: {eu: "http://127.0.0.1:%1$d"}}
              known:
                regions: {eu: "https://localhost:%1$d"}
                upstreamTls: {ca: "%2$s", certificate: "%4$s", key: "%5$s", handshakeTimeout: 9s}
              silent:
                regions: {eu: "https://127.0.0.1:%6$d"}
                upstreamTls: {verify: false, handshakeTimeout: 300ms}
                timeouts: {connect: 60s, total: 120s}
                health: {interval: 60s, timeout: 30s}
            routes:
              - {name: known, match: {path: /known}, service: known}
              - {name: silent, match: {path: /silent}, service: silent}
              - {name: good, match: {path: /good}, service: good}
              - {name: named, match: {path: /named}, service: named}
              - {name: misnamed, match: {path: /misnamed}, service: misnamed}
              - {name: stranger, match: {path: /stranger}, service: stranger}
              - {name: unverified, match: {path: /unverified}, service: unverified}
              - {name: plain, match: {path: /plain}, service: plain}
            """
                .formatted(
                    port,
                    authority.certificate(),
                    stranger.certificate(),
                    own.certificate(),
                    own.key(),
                    silent.getLocalPort()));
  }

  @AfterAll
  static void stop() throws IOException {
    gateway.close();
    silent.close();
    await(vertx.close());
  }

  /** Who the gateway showed itself as. */
  private static String peer(HttpServerRequest request) {
    try {
      return " to " + request.connection().sslSession().getPeerPrincipal();
    } catch (SSLPeerUnverifiedException nobody) {
      return " to nobody";
    }
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
  void a_session_is_taken_up_again_by_the_next_connection() {
    Set<String> sessions = new HashSet<>();
    for (int i = 0; i < 6; i++) {
      // As old as the full handshake that it began with.
      sessions.add(gateway.get("/good?session").body());
    }

    // Each loop begins one of its own.
    assertThat(sessions).hasSizeBetween(1, 2);
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
  void a_certificate_of_its_own_is_shown_where_it_is_configured() {
    assertThat(gateway.get("/known").body()).isEqualTo("secret HTTP_1_1 to CN=leaf1");
    assertThat(gateway.get("/good").body()).isEqualTo("secret HTTP_1_1 to nobody");
  }

  @Test
  void a_handshake_has_a_limit_of_its_own() {
    HttpResponse<String> answer = gateway.get("/silent");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(502);
    assertThat(answer.body()).contains("upstream-connect");
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
