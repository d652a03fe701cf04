package app.avalo.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.GatewayProcess;
import app.avalo.gateway.testing.TestAuthority;
import app.avalo.gateway.testing.TestRegion;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How sockets are served and by whom they are encrypted: chosen, by default, and as a last way. */
class TransportIT {
  @TempDir private static Path directory;
  private static TestAuthority authority;
  private static TestRegion region;
  private static Path yaml;

  @BeforeAll
  static void start() throws IOException {
    authority = TestAuthority.in(directory);
    TestAuthority.Pair pair = authority.issue("dns:localhost");
    region = TestRegion.start("eu");
    yaml =
        Files.writeString(
            directory.resolve("gateway.yaml"),
            """
            name: test
            listeners:
              - name: tls
                address: "127.0.0.1:0"
                tls: {certificates: [{certificate: "%s", key: "%s"}]}
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%d"}}
            routes:
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(pair.certificate(), pair.key(), region.port()));
  }

  @AfterAll
  static void stop() {
    region.close();
  }

  /** Serves over it, and says in the log and to who started it what it is. */
  private static void assertServes(GatewayProcess gateway, String transport, String engine)
      throws Exception {
    URI uri = URI.create("https://localhost:" + gateway.port("tls") + "/feed");
    HttpResponse<String> answer =
        HttpClient.newBuilder()
            .sslContext(authority.trusting())
            .build()
            .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(gateway.printedUntil("loops, ")).anyMatch(line -> line.endsWith(", " + transport));
    Awaiting.until(() -> gateway.log().contains("gateway started"));
    assertThat(gateway.log())
        .contains("transport=\"" + transport + "\"")
        .contains("tls=\"" + engine);
  }

  @Test
  void epoll_and_boringssl_are_the_default() throws Exception {
    try (GatewayProcess gateway = GatewayProcess.start("run", yaml.toString(), "--loops", "1")) {
      assertServes(gateway, "epoll", "BoringSSL");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"io_uring", "nio"})
  void another_transport_can_be_chosen(String transport) throws Exception {
    try (GatewayProcess gateway =
        GatewayProcess.start("run", yaml.toString(), "--loops", "1", "--transport", transport)) {
      assertServes(gateway, transport, "BoringSSL");
    }
  }

  @Test
  void where_no_native_library_loads_the_jdk_does_both() throws Exception {
    List<String> without =
        List.of("-Dio.netty.transport.noNative=true", "-Dio.netty.handler.ssl.noOpenSsl=true");
    try (GatewayProcess gateway =
        GatewayProcess.startWith(without, "run", yaml.toString(), "--loops", "1")) {
      assertServes(gateway, "nio", "JDK");
    }
  }
}
