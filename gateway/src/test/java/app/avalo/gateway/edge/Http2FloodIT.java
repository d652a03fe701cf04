package app.avalo.gateway.edge;

import static app.avalo.gateway.testing.Http2Wire.CONTINUATION;
import static app.avalo.gateway.testing.Http2Wire.DATA;
import static app.avalo.gateway.testing.Http2Wire.END_HEADERS;
import static app.avalo.gateway.testing.Http2Wire.END_STREAM;
import static app.avalo.gateway.testing.Http2Wire.GOAWAY;
import static app.avalo.gateway.testing.Http2Wire.HEADERS;
import static app.avalo.gateway.testing.Http2Wire.PING;
import static app.avalo.gateway.testing.Http2Wire.PRIORITY;
import static app.avalo.gateway.testing.Http2Wire.RST_STREAM;
import static app.avalo.gateway.testing.Http2Wire.SETTINGS;
import static app.avalo.gateway.testing.Http2Wire.WINDOW_UPDATE;
import static app.avalo.gateway.testing.Http2Wire.request;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Http2Wire;
import app.avalo.gateway.testing.Http2Wire.Frame;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames that cost their sender nothing, and heads and streams without end. */
class Http2FloodIT {
  private static final int INTERNAL_ERROR = 2;
  private static final int REFUSED_STREAM = 7;
  private static final int ENHANCE_YOUR_CALM = 11;
  private static final int BUDGET = 300;

  /** In the static table (RFC 7541, appendix A). */
  private static final int STATUS_200 = 8;

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
              - name: plain
                address: "127.0.0.1:0"
                http2: true
                bounds:
                  headerTimeout: 500ms
                  idleTimeout: 800ms
                  headerSize: 8KiB
                  headerCount: 20
                  streams: 10
                  streamResets: 50
                  controlFrames: 300
                  requestsPerConnection: 1000
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed: {regions: {eu: "http://127.0.0.1:%d"}, retry: {hold: false}}
            routes:
              - {name: hello, match: {path: /hello}, respond: {status: 200, body: "hello"}}
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
  void nobody_else_notices_and_nothing_is_left_in_flight() {
    assertThat(gateway.get("/hello").body()).isEqualTo("hello");
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  private static Http2Wire connect() {
    return new Http2Wire(gateway.port());
  }

  private static void assertTold(Http2Wire wire, int error) {
    Frame farewell = wire.next(GOAWAY);
    assertThat(farewell).isNotNull();
    assertThat(farewell.goAwayCode()).isEqualTo(error);
    assertThat(wire.next(SETTINGS, PING, HEADERS)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    PING + ",0,8",
    SETTINGS + ",0,0",
    SETTINGS + ",0,6",
    SETTINGS + ",1,0",
    PRIORITY + ",3,5",
    200 + ",0,4",
  })
  void frames_that_carry_nothing_have_a_budget(int type, int stream, int length) {
    try (Http2Wire wire = connect()) {
      wire.get(1, "/hello");
      boolean ack = type == SETTINGS && stream == 1;
      for (int i = 0; i < BUDGET + 10; i++) {
        wire.send(type, ack ? 1 : 0, ack ? 0 : stream, new byte[length]);
      }
      assertTold(wire, ENHANCE_YOUR_CALM);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void window_updates_beyond_what_was_sent_have_a_budget(int stream) {
    try (Http2Wire wire = connect()) {
      wire.send(HEADERS, END_HEADERS, 1, request("POST", "/feed"));
      for (int i = 0; i < BUDGET + 10; i++) {
        wire.send(WINDOW_UPDATE, 0, stream, new byte[] {0, 0, 0, 1});
      }
      assertTold(wire, ENHANCE_YOUR_CALM);
    }
  }

  @Test
  void empty_data_is_not_a_body() {
    try (Http2Wire wire = connect()) {
      wire.send(HEADERS, END_HEADERS, 1, request("POST", "/feed"));
      for (int i = 0; i < 20; i++) {
        wire.send(DATA, 0, 1, new byte[0]);
      }
      assertTold(wire, ENHANCE_YOUR_CALM);
    }
  }

  @Test
  void streams_that_are_opened_to_be_reset_end_the_connection() {
    try (Http2Wire wire = connect()) {
      for (int i = 0; i < 60; i++) {
        wire.get(2 * i + 1, "/feed?delay=1000").send(RST_STREAM, 0, 2 * i + 1, new byte[4]);
      }
      assertTold(wire, ENHANCE_YOUR_CALM);
    }
  }

  @Test
  void streams_that_the_gateway_is_made_to_reset_count_too() {
    try (Http2Wire wire = connect()) {
      for (int i = 0; i < 60; i++) {
        // An update of nothing is a stream error.
        wire.get(2 * i + 1, "/feed?delay=1000")
            .send(WINDOW_UPDATE, 0, 2 * i + 1, new byte[] {0, 0, 0, 0});
      }
      assertTold(wire, ENHANCE_YOUR_CALM);
    }
  }

  @Test
  void a_service_that_cuts_every_answer_off_costs_no_client_its_connection() {
    try (Http2Wire wire = connect()) {
      for (int i = 0; i < 300; i++) {
        wire.get(2 * i + 1, "/feed?mode=RESET_MID_BODY");
        Frame cut = wire.next(RST_STREAM, GOAWAY);
        assertThat(cut.type()).isEqualTo(RST_STREAM);
        assertThat(cut.code()).isEqualTo(INTERNAL_ERROR);
        wire.send(WINDOW_UPDATE, 0, 0, new byte[] {0, 0, 0x40, 0});
      }
      assertThat(wire.get(601, "/hello").next(DATA, GOAWAY).type()).isEqualTo(DATA);
    }
  }

  @Test
  void a_head_of_small_continuations_ends_the_connection() {
    try (Http2Wire wire = connect()) {
      wire.send(HEADERS, END_STREAM, 1, request("GET", "/feed"));
      for (int i = 0; i < 40; i++) {
        wire.send(CONTINUATION, 0, 1, Http2Wire.fields("x", "y"));
      }
      assertTold(wire, ENHANCE_YOUR_CALM);
    }
  }

  @Test
  void a_head_of_large_continuations_is_too_large() {
    try (Http2Wire wire = connect()) {
      wire.send(HEADERS, END_STREAM, 1, request("GET", "/feed"));
      for (int i = 0; i < 40; i++) {
        wire.send(CONTINUATION, 0, 1, Http2Wire.fields("x", "y".repeat(4000)));
      }
      Frame told = wire.next(GOAWAY, RST_STREAM, HEADERS);
      assertThat(told == null || told.type() != HEADERS || !told.beginsWith(STATUS_200)).isTrue();
    }
  }

  @Test
  void one_entry_of_the_table_repeated_is_too_large() {
    try (Http2Wire wire = connect()) {
      byte[] literal = Http2Wire.fields("x", "y".repeat(3000));
      literal[0] = 0x40; // with an index
      byte[] block = java.util.Arrays.copyOf(request("GET", "/feed"), 10_000);
      int at = request("GET", "/feed").length;
      System.arraycopy(literal, 0, block, at, literal.length);
      java.util.Arrays.fill(block, at + literal.length, block.length, (byte) 0xbe);
      wire.send(HEADERS, END_STREAM | END_HEADERS, 1, block);

      Frame told = wire.next(GOAWAY, RST_STREAM, HEADERS);
      // Literal 431 of RFC 9113's answer to a list that is too large, or an error.
      assertThat(told == null || told.type() != HEADERS || !told.beginsWith(STATUS_200)).isTrue();
    }
  }

  @Test
  void fields_have_a_number() {
    String[] many = new String[50];
    java.util.Arrays.fill(many, "x");
    try (Http2Wire wire = connect()) {
      wire.send(HEADERS, END_STREAM | END_HEADERS, 1, request("GET", "/feed", many));
      Frame head = wire.next(HEADERS);
      assertThat(new String(head.payload(), java.nio.charset.StandardCharsets.ISO_8859_1))
          .contains("431");
    }
  }

  @Test
  void more_streams_than_allowed_are_refused_one_by_one() {
    try (Http2Wire wire = connect()) {
      for (int i = 0; i < 12; i++) {
        wire.get(2 * i + 1, "/feed?delay=300");
      }
      Frame refused = wire.next(RST_STREAM);
      assertThat(refused.stream()).isGreaterThan(20);
      assertThat(refused.code()).isEqualTo(REFUSED_STREAM);
    }
  }

  @Test
  void a_head_that_does_not_end_in_time_ends_the_connection() {
    try (Http2Wire wire = connect()) {
      wire.get(1, "/hello");
      assertThat(wire.next(DATA)).isNotNull();
      wire.send(HEADERS, END_STREAM, 3, request("GET", "/hello"));
      assertThat(wire.next(HEADERS)).isNull();
    }
  }

  @Test
  void a_connection_that_only_pings_is_idle() {
    try (Http2Wire wire = connect()) {
      wire.get(1, "/hello");
      assertThat(wire.next(DATA)).isNotNull();
      for (int i = 0; i < 5; i++) {
        wire.send(PING, 0, 0, new byte[8]);
        // Time that passes; the other connection has its own.
        assertThat(gateway.get("/feed?delay=250").statusCode()).isEqualTo(200);
      }
      assertThat(wire.next(GOAWAY)).isNotNull();
      assertThat(wire.next(HEADERS)).isNull();
    }
  }

  @Test
  void a_client_that_says_nothing_at_all_is_closed() throws Exception {
    try (java.net.Socket silent = new java.net.Socket("127.0.0.1", gateway.port())) {
      silent.setSoTimeout(5000);
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/hello", "/feed?bytes=1000"})
  void a_head_comes_at_once_and_its_body_when_the_window_opens(String path) {
    try (Http2Wire wire = connect()) {
      wire.send(SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0});
      wire.get(1, path);
      assertThat(wire.next(HEADERS, DATA).type()).isEqualTo(HEADERS);
      wire.send(PING, 0, 0, new byte[8]);
      assertThat(wire.next(PING, DATA).type()).isEqualTo(PING);
      wire.send(WINDOW_UPDATE, 0, 1, new byte[] {0, 0, 0x40, 0});
      assertThat(wire.next(DATA)).isNotNull();
    }
  }

  @Test
  void a_window_that_never_opens_holds_one_answer_and_no_other_connection() {
    try (Http2Wire wire = connect()) {
      wire.send(SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0});
      wire.get(1, "/feed?bytes=1000");
      assertThat(gateway.get("/feed?bytes=100000").body()).hasSize(100_000);
      assertThat(wire.next(DATA)).isNull();
    }
  }
}
