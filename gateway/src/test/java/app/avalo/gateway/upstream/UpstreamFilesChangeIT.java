package app.avalo.gateway.upstream;

import static app.avalo.gateway.testing.RunningGateway.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.config.ServiceConfig;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of {@code upstreamTls} are replaced while the gateway runs. */
class UpstreamFilesChangeIT {
  @TempDir private Path directory;
  private Vertx vertx;
  private TestAuthority authority;
  private TestAuthority.Pair first;
  private TestAuthority.Pair second;
  private Path ca;
  private Path certificate;
  private Path key;
  private RunningGateway gateway;

  @BeforeEach
  void start() throws IOException {
    authority = TestAuthority.in(Files.createDirectory(directory.resolve("own")));
    TestAuthority stranger = TestAuthority.in(Files.createDirectory(directory.resolve("other")));
    first = authority.issue("dns:first");
    second = authority.issue("dns:second");
    ca = Files.copy(stranger.certificate(), directory.resolve("ca.pem"));
    certificate = Files.copy(first.certificate(), directory.resolve("gateway.pem"));
    key = Files.copy(first.key(), directory.resolve("gateway.key"));
    vertx = Vertx.vertx();
    TestAuthority.Pair service = authority.issue("dns:localhost");
    HttpServer server =
        await(
            vertx
                .createHttpServer(
                    new HttpServerOptions()
                        .setSsl(true)
                        .setClientAuth(ClientAuth.REQUIRED)
                        .setTrustOptions(
                            new PemTrustOptions().addCertPath(authority.certificate().toString()))
                        .setKeyCertOptions(
                            new PemKeyCertOptions()
                                .addCertPath(service.certificate().toString())
                                .addKeyPath(service.key().toString())))
                .requestHandler(UpstreamFilesChangeIT::answer)
                .listen(0, "127.0.0.1"));
    gateway =
        RunningGateway.start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed:
                regions: {eu: "https://localhost:%d"}
                upstreamTls: {ca: "%s", certificate: "%s", key: "%s", handshakeTimeout: 9s}
            routes:
              - {name: feed, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(server.actualPort(), ca, certificate, key));
  }

  @AfterEach
  void stop() {
    gateway.close();
    await(vertx.close());
  }

  /** Says who asked, and closes, so that the next request needs a connection of its own. */
  private static void answer(HttpServerRequest request) {
    try {
      String peer = request.connection().sslSession().getPeerPrincipal().getName();
      request.response().putHeader("connection", "close").end(peer);
    } catch (SSLPeerUnverifiedException nobody) {
      request.response().setStatusCode(500).end();
    }
  }

  private static void replace(Path file, Path by) throws IOException {
    Path beside = Files.copy(by, file.resolveSibling(file.getFileName() + ".new"));
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private String served() {
    return gateway.get("/").body();
  }

  @Test
  void new_connections_use_what_the_files_hold() throws Exception {
    assertThat(gateway.get("/").statusCode()).isIn(502, 503);

    replace(ca, authority.certificate());

    Awaiting.until(() -> served().equals(name(first)));
    replace(key, second.key());
    replace(certificate, second.certificate());
    Awaiting.until(() -> served().equals(name(second)));
  }

  @Test
  void files_that_cannot_be_used_change_nothing_and_are_named() throws Exception {
    replace(ca, authority.certificate());
    look();
    assertThat(served()).isEqualTo(name(first));

    Files.writeString(ca, "-----BEGIN CERTIFICATE-----\nnonsense\n");
    look();
    assertThat(served()).isEqualTo(name(first));
    assertThatThrownBy(this::read).hasMessageContaining(ca.toString());

    replace(ca, authority.certificate());
    replace(key, second.key());
    look();
    assertThat(served()).isEqualTo(name(first));
    assertThatThrownBy(this::read)
        .hasMessageContaining(certificate.toString())
        .hasMessageContaining("the key is not the certificate's");
  }

  private static String name(TestAuthority.Pair pair) {
    return pair.leaf().getSubjectX500Principal().getName();
  }

  /** A reload looks at the files at once. */
  private void look() {
    assertThat(await(gateway.gateway().reload("test")).successful()).isTrue();
  }

  private boolean read() throws GeneralSecurityException {
    ServiceConfig feed = gateway.gateway().plan().config().services().get("feed");
    return new UpstreamTrust(vertx).read(feed.upstreamTls());
  }
}
