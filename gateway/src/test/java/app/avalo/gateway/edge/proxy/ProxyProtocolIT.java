package app.avalo.gateway.edge.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestAuthority;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.Wire;
import java.io.OutputStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Listeners behind hops that speak the PROXY protocol: 127.0.0.1 is one, 127.0.0.2 is nobody. */
class ProxyProtocolIT {
  private static final String V1 = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
  private static final String V2_START = "\r\n\r\n\0\r\nQUIT\n";
  private static final String V2 =
      V2_START + latin("211100140a000207c6336401dc0401bb0100026832ee0000");
  private static final String GET = "GET /feed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  private static final String STRANGER = "127.0.0.2";

  @TempDir private static Path directory;
  private static TestAuthority authority;
  private static TestRegion region;
  private static RunningGateway gateway;

  private static String latin(String hex) {
    return new String(HexFormat.of().parseHex(hex), StandardCharsets.ISO_8859_1);
  }

  @BeforeAll
  static void start() {
    authority = TestAuthority.in(directory);
    TestAuthority.Pair pair = authority.issue("dns:localhost");
    region = TestRegion.start("eu");
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - name: accept
                address: "127.0.0.1:0"
                proxyProtocol: accept
              - name: require
                address: "127.0.0.1:0"
                proxyProtocol: require
                bounds: {headerTimeout: 500ms}
              - name: tls
                address: "127.0.0.1:0"
                proxyProtocol: require
                tls: {certificates: [{certificate: "%s", key: "%s"}]}
            admin: {address: "127.0.0.1:0"}
            trustedHops: [127.0.0.1]
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
    gateway.close();
    region.close();
  }

  private static Wire wire(String listener, String from) {
    return new Wire(gateway.gateway().port(listener), from);
  }

  private static String answer(String listener, String from, String sent) {
    try (Wire wire = wire(listener, from)) {
      return wire.send(sent).readAll();
    }
  }

  private static String seenFrom(String address) {
    return "\"x-forwarded-for\":\"" + address + '"';
  }

  @ParameterizedTest
  @ValueSource(strings = {"accept", "require"})
  void a_trusted_hop_says_where_the_client_is_in_both_versions(String listener) {
    assertThat(answer(listener, "127.0.0.1", V1 + GET)).contains(seenFrom("192.0.2.7"));
    assertThat(answer(listener, "127.0.0.1", V2 + GET)).contains(seenFrom("10.0.2.7"));
  }

  @Test
  void a_hop_that_speaks_for_itself_is_the_client() {
    assertThat(answer("require", "127.0.0.1", "PROXY UNKNOWN\r\n" + GET))
        .contains(seenFrom("127.0.0.1"));
    assertThat(answer("require", "127.0.0.1", V2_START + latin("20000000") + GET))
        .contains(seenFrom("127.0.0.1"));
  }

  @Test
  void what_the_proxied_client_says_of_itself_is_not_believed() {
    String lie = GET.replace("Connection", "X-Forwarded-For: 203.0.113.9\r\nConnection");

    assertThat(answer("require", "127.0.0.1", V1 + lie)).contains(seenFrom("192.0.2.7"));
  }

  @Test
  void a_header_may_come_byte_by_byte() {
    try (Wire wire = wire("require", "127.0.0.1")) {
      for (char each : V1.toCharArray()) {
        wire.send(String.valueOf(each));
      }
      assertThat(wire.send(GET).readAll()).contains(seenFrom("192.0.2.7"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY TCP4 192.0.2.7\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 99999 443\r\n",
        "PROXY UNKNOWN with a line that is longer than any header may be, which is one hundred and "
            + "seven bytes and not one more",
      })
  void a_malformed_header_closes_the_connection_without_an_answer(String header) {
    assertThat(answer("accept", "127.0.0.1", header + GET)).doesNotContain("HTTP/");
    assertThat(answer("require", "127.0.0.1", header + GET)).doesNotContain("HTTP/");
  }

  @Test
  void a_slow_header_closes_the_connection_however_often_a_byte_comes() throws Exception {
    try (Wire silent = wire("require", "127.0.0.1");
        Wire drip = wire("require", "127.0.0.1")) {
      silent.socket().setSoTimeout(5_000);
      OutputStream out = drip.socket().getOutputStream();
      drip.socket().setSoTimeout(50);
      int sent = 0;
      try {
        while (sent < 80 && !drip.isClosed()) {
          out.write(V1.charAt(sent++ % 5));
        }
      } catch (SocketException closed) {
        // Writing to a closed connection says so too.
      }

      assertThat(sent).isLessThan(60);
      assertThat(silent.isClosed()).isTrue();
    }
  }

  @Test
  void where_a_header_is_required_nobody_is_served_without() {
    assertThat(answer("require", "127.0.0.1", GET)).doesNotContain("HTTP/");
    assertThat(answer("require", STRANGER, V1 + GET)).doesNotContain("HTTP/");
    assertThat(answer("require", STRANGER, GET)).doesNotContain("HTTP/");
  }

  @Test
  void where_a_header_is_accepted_others_are_served_as_they_come() {
    assertThat(answer("accept", "127.0.0.1", GET)).contains(seenFrom("127.0.0.1"));
    assertThat(answer("accept", STRANGER, GET)).contains(seenFrom(STRANGER));
  }

  @Test
  void a_strangers_header_is_not_read_as_one() {
    assertThat(answer("accept", STRANGER, V1 + GET)).matches("(?s)HTTP/1.[01] 400 .*");
  }

  @Test
  void tls_begins_behind_the_header() throws Exception {
    try (Wire wire = wire("tls", "127.0.0.1")) {
      wire.send(V1);
      SSLSocket tls =
          (SSLSocket)
              authority
                  .trusting()
                  .getSocketFactory()
                  .createSocket(wire.socket(), "localhost", 0, true);
      tls.getOutputStream().write(GET.getBytes(StandardCharsets.US_ASCII));
      String answer = new String(tls.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

      assertThat(answer).contains(seenFrom("192.0.2.7"), "\"x-forwarded-proto\":\"https\"");
    }
  }
}
