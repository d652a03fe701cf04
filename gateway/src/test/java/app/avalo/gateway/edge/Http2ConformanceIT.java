package app.avalo.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.H2spec;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestAuthority;
import app.avalo.gateway.testing.TestRegion;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** RFC 9113 and RFC 7541 as h2spec reads them, by prior knowledge and over TLS. */
class Http2ConformanceIT {
  private static final String ALL = "145 tests, 145 passed, 0 skipped, 0 failed";

  @TempDir private static Path directory;
  private static H2spec h2spec;
  private static TestRegion region;
  private static RunningGateway gateway;

  @BeforeAll
  static void start() {
    h2spec = H2spec.in(directory);
    TestAuthority.Pair pair = TestAuthority.in(directory).issue("ip:127.0.0.1");
    region = TestRegion.start("eu");
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners:
              - {name: plain, address: "127.0.0.1:0", http2: true}
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
    gateway.close();
    region.close();
  }

  @AfterEach
  void nothing_is_left_in_flight() {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
  }

  @Test
  void every_case_passes_by_prior_knowledge() throws Exception {
    assertThat(h2spec.run(gateway.port())).contains(ALL);
  }

  @Test
  void every_case_passes_over_tls() throws Exception {
    assertThat(h2spec.run(gateway.gateway().port("tls"), "-t", "-k")).contains(ALL);
  }
}
