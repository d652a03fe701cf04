package app.avalo.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestAuthority;
import app.avalo.gateway.testing.TestRegion;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A listener with certificates: versions, protocols, names, and certificates that change. */
class TlsListenerIT {
  @TempDir private static Path directory;
  private static TestAuthority authority;
  private static TestAuthority.Pair standard;
  private static TestAuthority.Pair named;
  private static TestRegion region;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    authority = TestAuthority.in(directory);
    standard = authority.issue("dns:localhost,ip:127.0.0.1");
    named = authority.issue("dns:*.avalo.test");
    region = TestRegion.start("eu");
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - name: tls
                address: "127.0.0.1:0"
                tls:
                  certificates:
                    - {certificate: "%s", key: "%s"}
                    - {certificate: "%s", key: "%s"}
              - name: strict
                address: "127.0.0.1:0"
                http2: false
                tls:
                  minVersion: TLSv1.3
                  certificates: [{certificate: "%1$s", key: "%2$s"}]
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%d"}}
            routes:
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(
                    standard.certificate(),
                    standard.key(),
                    named.certificate(),
                    named.key(),
                    region.port()));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    region.close();
  }

  private static HttpClient client(HttpClient.Version version, String tls) {
    SSLParameters parameters = new SSLParameters();
    parameters.setProtocols(new String[] {tls});
    return HttpClient.newBuilder()
        .version(version)
        .sslContext(authority.trusting())
        .sslParameters(parameters)
        .build();
  }

  private static HttpResponse<String> get(HttpClient client, String listener)
      throws IOException, InterruptedException {
    URI uri = URI.create("https://localhost:" + gateway.gateway().port(listener) + "/feed");
    return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }

  /** A finished handshake; the caller closes it. */
  private static SSLSocket handshake(TestAuthority trusted, String serverName) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            trusted
                .trusting()
                .getSocketFactory()
                .createSocket("127.0.0.1", gateway.gateway().port("tls"));
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName(serverName)));
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  private static String subject(String serverName) {
    try (SSLSocket socket = handshake(authority, serverName)) {
      X509Certificate leaf = (X509Certificate) socket.getSession().getPeerCertificates()[0];
      return leaf.getSubjectX500Principal().getName();
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  private static String request(SSLSocket socket) throws IOException {
    socket
        .getOutputStream()
        .write("HEAD /feed HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes("US-ASCII"));
    byte[] start = socket.getInputStream().readNBytes(12);
    // The rest of the head fits one record.
    socket.getInputStream().skip(socket.getInputStream().available());
    return new String(start, "US-ASCII");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void clients_of_both_versions_get_http_2_by_alpn(String version) throws Exception {
    HttpResponse<String> answer = get(client(HttpClient.Version.HTTP_2, version), "tls");

    assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.sslSession().orElseThrow().getProtocol()).isEqualTo(version);
    assertThat(answer.body()).contains("\"x-forwarded-proto\":\"https\"", "\"via\":\"2 test\"");
  }

  @Test
  void a_client_that_knows_only_http_1_1_gets_it() throws Exception {
    HttpResponse<String> answer = get(client(HttpClient.Version.HTTP_1_1, "TLSv1.3"), "tls");

    assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    assertThat(answer.body()).contains("\"method\":\"GET\"", "\"x-forwarded-proto\":\"https\"");
  }

  @Test
  void a_listener_can_refuse_old_versions_and_http_2() throws Exception {
    assertThatThrownBy(() -> get(client(HttpClient.Version.HTTP_1_1, "TLSv1.2"), "strict"))
        .isInstanceOf(SSLException.class);
    assertThat(get(client(HttpClient.Version.HTTP_2, "TLSv1.3"), "strict").version())
        .isEqualTo(HttpClient.Version.HTTP_1_1);
  }

  @Test
  void the_name_that_a_client_asks_for_chooses_the_certificate() {
    assertThat(subject("eu.avalo.test")).isEqualTo("CN=leaf1");
    assertThat(subject("localhost")).isEqualTo(subject("unknown.example"));
  }

  @Test
  void plain_http_on_the_tls_port_is_closed_without_an_answer() throws Exception {
    try (app.avalo.gateway.testing.Wire wire =
        new app.avalo.gateway.testing.Wire(gateway.gateway().port("tls"))) {
      wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(wire.readAll()).doesNotContain("HTTP/1.1 200");
    }
    assertThat(get(client(HttpClient.Version.HTTP_2, "TLSv1.3"), "tls").statusCode())
        .isEqualTo(200);
  }

  @Test
  void changed_files_serve_new_handshakes_and_open_connections_go_on() throws Exception {
    String before = subject("localhost");
    try (SSLSocket open = handshake(authority, "localhost")) {
      assertThat(request(open)).isEqualTo("HTTP/1.1 200");

      authority.issue("dns:localhost,ip:127.0.0.1").replace(standard);

      Awaiting.until(() -> !subject("localhost").equals(before));
      assertThat(request(open)).isEqualTo("HTTP/1.1 200");
    }
    HttpResponse<String> answer = get(client(HttpClient.Version.HTTP_2, "TLSv1.3"), "tls");
    assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
    assertThat(subject("eu.avalo.test")).isEqualTo("CN=leaf1");
  }

  @Test
  void files_that_cannot_be_used_change_nothing_until_they_can() throws Exception {
    String before = subject("localhost");
    TestAuthority.Pair next = authority.issue("dns:localhost,ip:127.0.0.1");
    EdgeServer server = gateway.gateway().loops().get(0).servers().get(0);

    next.replaceKey(standard);
    assertThatThrownBy(() -> RunningGateway.await(server.reloadCertificates()))
        .hasMessageContaining(standard.key().toString())
        .hasMessageContaining("the key is not the certificate's");
    assertThat(subject("localhost")).isEqualTo(before);

    Files.writeString(standard.certificate(), "-----BEGIN CERTIFICATE-----\nnonsense\n");
    assertThatThrownBy(() -> RunningGateway.await(server.reloadCertificates()))
        .hasMessageContaining(standard.certificate().toString());
    Files.delete(standard.certificate());
    assertThatThrownBy(() -> RunningGateway.await(server.reloadCertificates()))
        .hasMessageContaining("cannot be read");
    assertThat(subject("localhost")).isEqualTo(before);

    next.replace(standard);
    Awaiting.until(() -> !subject("localhost").equals(before));
  }
}
