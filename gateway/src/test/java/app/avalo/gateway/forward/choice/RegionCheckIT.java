package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.ThreeRegions;
import app.avalo.gateway.testing.Wire;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A region that says by itself that it is not well, while its endpoints answer. */
class RegionCheckIT {
  private static final String GET =
      "GET /feed HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\n\r\n".formatted(ThreeRegions.BERLIN);

  private final ThreeRegions regions = new ThreeRegions();
  private final TestRegion whole = TestRegion.start("whole");
  private RunningGateway gateway;
  private Wire client;

  @BeforeEach
  void start() {
    String check =
        ", check: {url: \"%s\", interval: 100ms, timeout: 100ms, burstInterval: 50ms, failures: 2, successes: 2}}\n"
            .formatted(RunningGateway.endpoint(whole.port()));
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES.replace("[gdpr]}\n", "[gdpr]" + check)
                + """
                services:
                  feed: {%s}
                routes:
                  - {name: all, match: {path: {prefix: /}}, service: feed}
                """
                    .formatted(regions.everywhere()));
    Awaiting.until(gateway.gateway()::isReady);
    client = new Wire(gateway.port());
  }

  @AfterEach
  void stop() {
    client.close();
    gateway.close();
    regions.close();
    whole.close();
  }

  private boolean isServedByEu() {
    return client.send(GET).readUntil("\r\n\r\n").contains("X-Region: eu");
  }

  @Test
  void its_callers_go_elsewhere_and_come_back() {
    assertThat(isServedByEu()).isTrue();
    whole.mode(Mode.ERROR_503);
    Awaiting.until(() -> !isServedByEu());
    assertThat(whole.requests()).as("nothing is forwarded there").isZero();
    whole.mode(Mode.NORMAL);
    Awaiting.until(this::isServedByEu);
  }
}
