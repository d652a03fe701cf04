package app.avalo.gateway.edge.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.edge.EdgeServer;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestAuthority;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.Wire;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.JMException;
import javax.management.ObjectName;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a handshake costs: sessions that are taken up again, limits of time, renewals. */
class TlsHandshakeIT {
  private static final String GET =
      "GET /feed HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

  @TempDir private static Path directory;
  private static TestAuthority authority;
  private static TestAuthority.Pair server;
  private static TestAuthority.Pair other;
  private static TestRegion region;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    authority = TestAuthority.in(directory);
    server = authority.issue("dns:localhost");
    other = authority.issue("dns:localhost");
    region = TestRegion.start("eu");
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - name: one
                address: "127.0.0.1:0"
                tls:
                  certificates: [{certificate: "%1$s", key: "%2$s"}]
                  handshakeTimeout: 500ms
              - name: named
                address: "127.0.0.1:0"
                tls:
                  certificates:
                    - {certificate: "%1$s", key: "%2$s"}
                    - {certificate: "%3$s", key: "%4$s"}
                  handshakeTimeout: 500ms
              - name: mutual
                address: "127.0.0.1:0"
                tls:
                  certificates: [{certificate: "%1$s", key: "%2$s"}]
                  clientAuth: require
                  clientCa: "%5$s"
                  forwardClientCert: true
              - name: crowded
                address: "127.0.0.1:0"
                tls:
                  certificates: [{certificate: "%1$s", key: "%2$s"}]
                  handshakeTimeout: 60s
                bounds: {connectionsPerAddress: 3}
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%6$d"}}
            routes:
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(
                    server.certificate(),
                    server.key(),
                    other.certificate(),
                    other.key(),
                    authority.certificate(),
                    region.port()));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    region.close();
  }

  /** Counts full handshakes: only those show the server's certificate. */
  private static final class Verifications extends X509ExtendedTrustManager {
    private final AtomicInteger count = new AtomicInteger();

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
      count.incrementAndGet();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
      count.incrementAndGet();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {
      count.incrementAndGet();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private static SSLSocket connect(SSLContext context, String listener, String version)
      throws IOException {
    int port = gateway.gateway().port(listener);
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(new String[] {version});
    parameters.setServerNames(List.of(new SNIHostName("localhost")));
    socket.setSSLParameters(parameters);
    return socket;
  }

  private static String get(SSLContext context, String listener, String version)
      throws IOException {
    try (SSLSocket socket = connect(context, listener, version)) {
      socket.getOutputStream().write(GET.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "one,TLSv1.2",
    "one,TLSv1.3",
    "named,TLSv1.2",
    "named,TLSv1.3",
    "mutual,TLSv1.2",
    "mutual,TLSv1.3"
  })
  void a_session_is_taken_up_again_and_the_client_is_still_who_it_was(
      String listener, String version) throws Exception {
    Verifications verifications = new Verifications();
    SSLContext client = SSLContext.getInstance("TLS");
    client.init(authority.keys(other), new TrustManager[] {verifications}, null);

    String first = get(client, listener, version);
    String second = get(client, listener, version);

    assertThat(verifications.count).hasValue(1);
    for (String answer : List.of(first, second)) {
      assertThat(answer).startsWith("HTTP/1.1 200");
      assertThat(answer.contains("client-cert")).isEqualTo(listener.equals("mutual"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"one", "named"})
  void a_handshake_that_does_not_end_is_ended(String listener) throws Exception {
    byte[] beginning = {22, 3, 1, 1, 0, 1, 0, 0, (byte) 0xfc, 3, 3};
    List<Wire> flood = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Wire wire = new Wire(gateway.gateway().port(listener));
      flood.add(i % 2 == 0 ? wire : wire.send(beginning));
    }

    for (Wire wire : flood) {
      wire.socket().setSoTimeout(5_000);
      assertThat(wire.isClosed()).isTrue();
      wire.close();
    }
  }

  @Test
  void connections_that_have_not_shaken_hands_count_like_any_other() throws Exception {
    int port = gateway.gateway().port("crowded");
    List<Wire> silent = List.of(new Wire(port), new Wire(port), new Wire(port));
    Awaiting.until(() -> open() == 3);
    try (Wire fourth = new Wire(port)) {
      assertThat(fourth.isClosed()).isTrue();
    }
    silent.get(0).close();
    Awaiting.until(() -> open() == 2);

    assertThat(get(authority.trusting(), "crowded", "TLSv1.3")).startsWith("HTTP/1.1 200");
    silent.forEach(Wire::close);
    Awaiting.until(() -> open() == 0);
  }

  private static int open() {
    return gateway.gateway().shared().openConnections().count();
  }

  @Test
  void a_client_that_knows_only_ciphers_without_authentication_is_refused() throws IOException {
    try (SSLSocket socket = connect(authority.trusting(), "one", "TLSv1.2")) {
      socket.setEnabledCipherSuites(new String[] {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"});

      assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
    }
  }

  @Test
  void thirty_renewals_close_no_connection_and_leave_nothing_behind() throws Exception {
    EdgeServer listener = gateway.gateway().loops().get(0).servers().get(0);
    SSLContext client = authority.trusting();
    TestAuthority.Pair first = server.copy(directory, "first");
    // Each holds a native context; the collector frees it with the object.
    int before = live("io.netty.handler.ssl.OpenSslServerContext");
    try (SSLSocket open = connect(client, "one", "TLSv1.3")) {
      open.getOutputStream().write(GET.replace("close", "x").getBytes(StandardCharsets.US_ASCII));
      open.getInputStream().readNBytes(12);
      open.getInputStream().skip(open.getInputStream().available());
      for (int i = 0; i < 30; i++) {
        (i % 2 == 0 ? other : first).replace(server);
        RunningGateway.await(listener.reloadCertificates());
        assertThat(get(client, "one", "TLSv1.3")).startsWith("HTTP/1.1 200");
      }

      open.getOutputStream().write(GET.getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(open.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 200");
    }
    Awaiting.until(() -> live("io.netty.handler.ssl.OpenSslServerContext") < before + 10);
  }

  private static int live(String type) {
    try {
      String histogram =
          (String)
              ManagementFactory.getPlatformMBeanServer()
                  .invoke(
                      new ObjectName("com.sun.management:type=DiagnosticCommand"),
                      "gcClassHistogram",
                      new Object[] {null},
                      new String[] {String[].class.getName()});
      return histogram
          .lines()
          .map(line -> line.trim().split("\\s+"))
          .filter(words -> words.length > 3 && words[3].equals(type))
          .mapToInt(words -> Integer.parseInt(words[1]))
          .sum();
    } catch (JMException failed) {
      throw new AssertionError(failed);
    }
  }
}
