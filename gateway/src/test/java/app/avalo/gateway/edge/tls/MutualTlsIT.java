package app.avalo.gateway.edge.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.edge.EdgeServer;
import app.avalo.gateway.filter.client.ClientCertificate;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestAuthority;
import app.avalo.gateway.testing.TestRegion;
import java.io.IOException;
import java.lang.ref.Reference;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that prove who they are by a certificate. */
class MutualTlsIT {
  @TempDir private static Path directory;
  private static TestAuthority servers;
  private static TestAuthority devices;
  private static TestAuthority strangers;
  private static TestAuthority.Pair device;
  private static Path renewed;
  private static TestRegion region;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() throws IOException {
    servers = TestAuthority.in(Files.createDirectory(directory.resolve("servers")));
    devices = TestAuthority.in(Files.createDirectory(directory.resolve("devices")));
    strangers = TestAuthority.in(Files.createDirectory(directory.resolve("strangers")));
    device = devices.issue("dns:device-7.avalo.test,uri:spiffe://avalo/device/7");
    renewed = Files.copy(devices.certificate(), directory.resolve("renewed.crt"));
    TestAuthority.Pair server = servers.issue("dns:localhost");
    region = TestRegion.start("eu");
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - name: require
                address: "127.0.0.1:0"
                tls:
                  certificates: [{certificate: "%1$s", key: "%2$s"}]
                  clientAuth: require
                  clientCa: "%3$s"
                  forwardClientCert: true
              - name: request
                address: "127.0.0.1:0"
                tls:
                  certificates: [{certificate: "%1$s", key: "%2$s"}]
                  clientAuth: request
                  clientCa: "%3$s"
                  forwardClientCert: true
              - name: renewed
                address: "127.0.0.1:0"
                tls:
                  certificates: [{certificate: "%1$s", key: "%2$s"}]
                  clientAuth: require
                  clientCa: "%5$s"
                  forwardClientCert: true
              - name: private
                address: "127.0.0.1:0"
                tls:
                  certificates: [{certificate: "%1$s", key: "%2$s"}]
                  clientAuth: require
                  clientCa: "%3$s"
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%4$d"}}
            routes:
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(
                    server.certificate(),
                    server.key(),
                    devices.certificate(),
                    region.port(),
                    renewed));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    region.close();
  }

  /** Java's client waits for ever when a server refuses its certificate after it began HTTP/2. */
  private static HttpClient client(SSLContext context) {
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(context).build();
  }

  /** What the service saw; the client claims a certificate in headers as well. */
  private static String get(HttpClient client, String listener) throws IOException {
    URI uri = URI.create("https://localhost:" + gateway.gateway().port(listener) + "/feed");
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .header("Client-Cert", ":bGll:")
            .header("Client-Cert-Chain", ":bGll:")
            .build();
    try {
      return client.send(request, BodyHandlers.ofString()).body();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  private static String get(SSLContext context, String listener) throws IOException {
    HttpClient client = client(context);
    try {
      return get(client, listener);
    } finally {
      Reference.reachabilityFence(client); // collected earlier, it would leave its caller waiting
    }
  }

  private static String header(TestAuthority.Pair pair) throws Exception {
    String encoded = Base64.getEncoder().encodeToString(pair.leaf().getEncoded());
    return "\"client-cert\":\":" + encoded + ":\"";
  }

  @ParameterizedTest
  @ValueSource(strings = {"require", "request"})
  void a_verified_certificate_is_what_services_see(String listener) throws Exception {
    assertThat(get(servers.trusting(devices, device), listener))
        .contains(header(device))
        .doesNotContain("bGll");
  }

  @Test
  void it_is_forwarded_only_where_that_is_configured() throws Exception {
    assertThat(get(servers.trusting(devices, device), "private"))
        .contains("x-forwarded-proto")
        .doesNotContain("client-cert");
  }

  @Test
  void where_one_is_required_a_client_without_is_refused() {
    assertThatThrownBy(() -> get(servers.trusting(), "require")).isInstanceOf(IOException.class);
  }

  @Test
  void where_one_is_requested_a_client_without_is_nobody() throws Exception {
    assertThat(get(servers.trusting(), "request"))
        .contains("x-forwarded-proto")
        .doesNotContain("client-cert", "bGll");
  }

  @ParameterizedTest
  @ValueSource(strings = {"require", "request"})
  void a_certificate_of_another_authority_is_refused(String listener) {
    SSLContext stranger = servers.trusting(strangers, strangers.issue("dns:x"));

    assertThatThrownBy(() -> get(stranger, listener)).isInstanceOf(IOException.class);
  }

  @Test
  void another_authority_holds_for_new_handshakes_and_open_connections_go_on() throws Exception {
    HttpClient open = client(servers.trusting(devices, device));
    get(open, "renewed");
    EdgeServer server = gateway.gateway().loops().get(0).servers().get(2);

    Files.writeString(renewed, "-----BEGIN CERTIFICATE-----\nnonsense\n");
    assertThatThrownBy(() -> RunningGateway.await(server.reloadCertificates()))
        .hasMessageContaining(renewed.toString());
    assertThat(get(servers.trusting(devices, device), "renewed")).contains(header(device));

    Files.copy(strangers.certificate(), renewed, StandardCopyOption.REPLACE_EXISTING);
    Awaiting.until(() -> isRefused(servers.trusting(devices, device)));

    assertThat(get(open, "renewed")).contains(header(device));
    TestAuthority.Pair now = strangers.issue("dns:now");
    assertThat(get(servers.trusting(strangers, now), "renewed")).contains(header(now));
  }

  private static boolean isRefused(SSLContext context) {
    try {
      get(context, "renewed");
      return false;
    } catch (IOException refused) {
      return true;
    }
  }

  @Test
  void filters_get_subject_names_and_fingerprint() throws Exception {
    X509Certificate leaf = device.leaf();

    ClientCertificate read = ClientCertificates.read(leaf, false);

    assertThat(read.subject()).isEqualTo("CN=leaf0");
    assertThat(read.names())
        .containsExactly("dns:device-7.avalo.test", "uri:spiffe://avalo/device/7");
    assertThat(read.fingerprint()).hasSize(64).matches("[0-9a-f]+");
    assertThat(read.header()).isNull();
  }
}
