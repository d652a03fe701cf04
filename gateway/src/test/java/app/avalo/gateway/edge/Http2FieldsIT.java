package app.avalo.gateway.edge;

import static app.avalo.gateway.testing.Http2Wire.DATA;
import static app.avalo.gateway.testing.Http2Wire.END_HEADERS;
import static app.avalo.gateway.testing.Http2Wire.END_STREAM;
import static app.avalo.gateway.testing.Http2Wire.GOAWAY;
import static app.avalo.gateway.testing.Http2Wire.HEADERS;
import static app.avalo.gateway.testing.Http2Wire.RST_STREAM;
import static app.avalo.gateway.testing.Http2Wire.fields;
import static app.avalo.gateway.testing.Http2Wire.request;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Http2Wire;
import app.avalo.gateway.testing.Http2Wire.Frame;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.Wire;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fields of HTTP/2 that must not reach a service, and headers that only the gateway may send. */
class Http2FieldsIT {
  /** In the static table (RFC 7541, appendix A). */
  private static final int STATUS_400 = 12;

  private static TestRegion region;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    region = TestRegion.start("eu");
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - {name: plain, address: "127.0.0.1:0", http2: true}
              - {name: keeps, address: "127.0.0.1:0", encodedSlash: keep}
              - {name: decodes, address: "127.0.0.1:0", encodedSlash: decode}
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%d"}}
            routes:
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(region.port()));
  }

  @AfterAll
  static void stop() {
    gateway.close();
    region.close();
  }

  @AfterEach
  void nothing_is_left_in_flight() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  private static String text(Frame frame) {
    return new String(frame.payload(), StandardCharsets.ISO_8859_1);
  }

  /** Sends one head; it must be answered 400 or reset, and reach nobody. */
  private static void assertRefused(byte[] head) {
    long before = region.requests();
    try (Http2Wire wire = new Http2Wire(gateway.port())) {
      wire.send(HEADERS, END_STREAM | END_HEADERS, 1, head);
      Frame told = wire.next(HEADERS, RST_STREAM, GOAWAY);
      if (told != null && told.type() == HEADERS) {
        assertThat(told.beginsWith(STATUS_400)).isTrue();
      }
    }
    assertThat(region.requests()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "connection|close",
        "keep-alive|timeout=5",
        "proxy-connection|keep-alive",
        "transfer-encoding|chunked",
        "upgrade|websocket",
        "te|gzip",
        "X-Upper|a",
        "x upper|a",
        "x:y|a",
        ":unknown|a",
        ":status|200",
        ":path|/other",
        "content-length|5",
        "host|evil.example",
      })
  void a_field_that_does_not_belong_is_refused(String name, String value) {
    assertRefused(request("GET", "/feed", name, value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\rb", "a\nb", "a\r\nx-y: b", "a\0b", "a\u0001b", "a\u007f", " a", "a "})
  void a_value_that_http_1_1_could_not_carry_is_refused(String value) {
    assertRefused(request("GET", "/feed", "x-odd", value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "feed",
        "http://api.avalo.app/feed",
        "*",
        "/a b",
        "/a\r\nX: y",
        "/a\u0001",
        "/a#b",
        "/a?b c",
        "/a?b\nc",
        "/../a",
        "/a%2fb",
      })
  void a_path_that_is_none_is_refused(String path) {
    assertRefused(request("GET", path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "G T", "GET / HTTP/1.1\r\nX:", "CONNECT"})
  void a_method_that_is_none_is_refused(String method) {
    assertRefused(request(method, "/feed"));
  }

  @Test
  void pseudo_headers_are_complete_first_and_sound() {
    String[] all = {":method", "GET", ":scheme", "http", ":path", "/feed", ":authority", "a"};
    for (int left = 0; left < 6; left += 2) {
      String[] some = new String[6];
      System.arraycopy(all, 0, some, 0, left);
      System.arraycopy(all, left + 2, some, left, 6 - left);
      assertRefused(fields(some));
    }
    assertRefused(fields("x", "y", ":method", "GET", ":scheme", "http", ":path", "/feed"));
    assertRefused(fields(":method", "GET", ":scheme", "ftp", ":path", "/", ":authority", "a"));
    assertRefused(fields(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a/b"));
    assertRefused(fields(":method", "GET", ":scheme", "http", ":path", "/"));
  }

  @Test
  void a_body_that_is_not_as_long_as_it_says_is_reset() {
    try (Http2Wire wire = new Http2Wire(gateway.port())) {
      byte[] head = request("POST", "/feed", "content-length", "5");
      wire.send(HEADERS, END_HEADERS, 1, head).send(DATA, END_STREAM, 1, new byte[3]);
      assertThat(wire.next(RST_STREAM, HEADERS).type()).isEqualTo(RST_STREAM);
    }
  }

  @Test
  void internal_headers_are_dropped_however_they_are_spelled() {
    String[] names = {"x-avalo-user", "x_avalo_user", "x-pin_epoch", "x_forwarded_for"};
    try (Http2Wire wire = new Http2Wire(gateway.port())) {
      String[] pairs = new String[2 * names.length];
      for (int i = 0; i < names.length; i++) {
        pairs[2 * i] = names[i];
        pairs[2 * i + 1] = "forged";
      }
      wire.send(HEADERS, END_STREAM | END_HEADERS, 1, request("GET", "/feed", pairs));
      assertThat(text(wire.next(DATA))).contains("\"region\"").doesNotContain("forged");
    }
    try (Wire wire = new Wire(gateway.port())) {
      wire.send(
          "GET /feed HTTP/1.1\r\nHost: a\r\nX-Avalo-User: forged\r\nx-avalo-user: forged\r\n"
              + "X_Avalo_Tier: forged\r\nX-PIN-Region: forged\r\nX_Pin_Epoch: forged\r\n"
              + "X_Forwarded_For: forged\r\nX_Request_Id: forged\r\n"
              + "Connection: close, x-avalo-user, x-request-id, x-forwarded-for\r\n\r\n");
      assertThat(wire.readAll())
          .startsWith("HTTP/1.1 200")
          .contains("\"x-request-id\"", "\"x-forwarded-for\"")
          .doesNotContain("forged");
    }
  }

  @Test
  void an_encoded_slash_is_what_the_listener_says() {
    String request = "GET /a%2fb/%2e%2e/c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    try (Wire plain = new Wire(gateway.port());
        Wire keeps = new Wire(gateway.gateway().port("keeps"));
        Wire decodes = new Wire(gateway.gateway().port("decodes"))) {
      assertThat(plain.send(request).readAll()).startsWith("HTTP/1.1 400");
      assertThat(keeps.send(request).readAll()).contains("\"target\":\"/c\"");
      assertThat(decodes.send(request).readAll()).contains("\"target\":\"/a/c\"");
    }
  }
}
