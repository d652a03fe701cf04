package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.run.LoopVerticle;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import app.avalo.gateway.testing.Wire;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is left open to a region that is out. */
class LostRegionIT {
  private static final String GET =
      "GET /feed HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\n\r\n".formatted(ThreeRegions.BERLIN);

  private final ThreeRegions regions = new ThreeRegions();
  private final List<Wire> clients = new ArrayList<>();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + """
                services:
                  feed: {%s}
                routes:
                  - {name: all, match: {path: {prefix: /}}, service: feed}
                """
                    .formatted(regions.everywhere()));
    Awaiting.until(gateway.gateway()::isReady);
  }

  @AfterEach
  void stop() {
    clients.forEach(Wire::close);
    gateway.close();
    regions.close();
  }

  private long loopsWithConnectionsToEu() {
    String eu = ":" + regions.eu().port();
    long loops = 0;
    for (LoopVerticle loop : gateway.gateway().loops()) {
      loops +=
          RunningGateway.await(loop.pools()).stream()
                  .anyMatch(pool -> pool.url().endsWith(eu) && pool.open() > 0)
              ? 1
              : 0;
    }
    return loops;
  }

  @Test
  void every_loop_closes_its_pooled_connections_at_once() {
    for (LoopVerticle loop : gateway.gateway().loops()) {
      Wire client = new Wire(loop.servers().get(0).port());
      clients.add(client);
      assertThat(client.send(GET).readUntil("\r\n\r\n")).contains("X-Region: eu");
    }
    assertThat(loopsWithConnectionsToEu()).isEqualTo(2);
    RunningGateway.await(
        gateway.gateway().health().force("eu", new Forced(true, "test", "works", null)));
    Awaiting.until(() -> loopsWithConnectionsToEu() == 0);
    assertThat(clients.get(0).send(GET).readUntil("\r\n\r\n")).doesNotContain("X-Region: eu");
  }
}
