package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.explain;
import static app.avalo.gateway.situation.Answers.steps;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import app.avalo.gateway.testing.Wire;
import java.net.URI;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients' own connections teach how far the gateway's region is from them. */
class ConnectionTimesIT {
  private static final String BESIDE_IT = "country: DE, latitude: 52.5, longitude: 13.4";
  private static final String FAR_AWAY = "country: JP, latitude: 35.7, longitude: 139.7";
  private static final String NO_HOP = "trustedHops: []";

  private final ThreeRegions regions = new ThreeRegions();
  private RunningGateway gateway;

  /** A gateway in the region eu; its clients over loopback are at this place. */
  private void start(String place, String hops) {
    gateway =
        RunningGateway.startExactly(
            RunningGateway.COMMON
                    .replace("trustedHops: [127.0.0.0/8]", hops)
                    .replace("{name: plain,", "{name: plain, proxyProtocol: accept,")
                + ThreeRegions.PLACES
                    .replace("placing:\n", "placing:\n  latency: {here: eu}\n")
                    .replace("ranges:\n", "ranges:\n    - {block: 127.0.0.0/8, " + place + "}\n")
                + """
                services:
                  feed: {%s}
                routes:
                  - {name: all, match: {path: {prefix: /}}, service: feed}
                """
                    .formatted(regions.everywhere()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  private void ask(int times, String... headers) {
    for (int i = 0; i < times; i++) {
      assertThat(gateway.get("/", headers).statusCode()).isEqualTo(200);
    }
  }

  private String metrics() {
    URI uri = URI.create("http://127.0.0.1:" + gateway.adminPort() + "/metrics");
    return gateway.send(HttpRequest.newBuilder(uri).build()).body();
  }

  private void assertJudged(int accepted, int impossible, int tooOften) {
    String name = "gateway_connection_round_trips_total{result=\"";
    assertThat(metrics())
        .contains(name + "accepted\"} " + accepted + ".0")
        .contains(name + "impossible\"} " + impossible + ".0")
        .contains(name + "too-often\"} " + tooOften + ".0");
  }

  private String preference(String client) {
    return steps(explain(gateway, "GET", "/", client), "region preference").toString();
  }

  @Test
  void a_connection_teaches_once_however_long_it_lives() {
    start(BESIDE_IT, NO_HOP);
    ask(3);
    assertJudged(0, 0, 0);

    ask(9);

    assertJudged(1, 0, 0);
    assertThat(preference("127.0.0.1")).contains("1 samples of the prefix");
  }

  @Test
  void a_second_connection_of_the_prefix_comes_too_soon() {
    start(BESIDE_IT, NO_HOP);
    ask(4);

    String get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    try (Wire wire = new Wire(gateway.port(), "127.0.0.2")) {
      wire.send(get.repeat(3) + get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).readAll();
    }

    assertJudged(1, 0, 1);
  }

  @Test
  void what_is_faster_than_light_teaches_nothing() {
    start(FAR_AWAY, NO_HOP);

    ask(8);

    assertJudged(0, 1, 0);
    assertThat(preference("127.0.0.1")).doesNotContain("samples");
  }

  @Test
  void the_connection_of_a_trusted_hop_says_nothing_of_its_clients() {
    start(BESIDE_IT, "trustedHops: [127.0.0.0/8]");

    ask(8, "X-Forwarded-For", ThreeRegions.BERLIN);
    ask(8);

    assertJudged(0, 0, 0);
  }

  @Test
  void nor_does_one_that_a_hop_has_announced_by_the_proxy_protocol() {
    start(BESIDE_IT, "trustedHops: [127.0.0.1]");
    String get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    try (Wire wire = new Wire(gateway.port())) {
      wire.send("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n" + get.repeat(4));
      wire.send(get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).readAll();
    }

    assertJudged(0, 0, 0);
    assertThat(preference("192.0.2.7")).doesNotContain("samples");
  }
}
