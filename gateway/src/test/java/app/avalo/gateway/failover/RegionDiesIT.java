package app.avalo.gateway.failover;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.GatewayProcess;
import app.avalo.gateway.testing.RegionProcess;
import app.avalo.gateway.testing.RunningGateway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A gateway and three regions as processes, 300 GETs a second from everywhere, one region lost in
 * the middle: nobody notices more than a short wait.
 */
@Tag("alone")
class RegionDiesIT {
  private static final int PER_SECOND = 300;
  private static final Duration FAULT_AFTER = Duration.ofSeconds(2);
  private static final Duration LENGTH = Duration.ofSeconds(6);

  private RegionProcess eu;
  private RegionProcess us;
  private RegionProcess asia;
  private GatewayProcess gateway;
  private int port;

  @BeforeEach
  void start(@TempDir Path directory) throws IOException {
    eu = RegionProcess.start("eu");
    us = RegionProcess.start("us");
    asia = RegionProcess.start("asia");
    String yaml =
        RunningGateway.COMMON
            + """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
              us: {index: 1, place: San Francisco, latitude: 37.8, longitude: -122.4}
              asia: {index: 2, place: Tokyo, latitude: 35.7, longitude: 139.7}
            services:
              feed:
                regions:
                  eu: ["http://127.0.0.1:%d"]
                  us: ["http://127.0.0.1:%d"]
                  asia: ["http://127.0.0.1:%d"]
            routes:
              - {name: all, match: {path: {prefix: /}}, service: feed}
            placing:
              ranges:
                - {block: 192.0.2.0/24, latitude: 52.5, longitude: 13.4}
                - {block: 198.51.100.0/24, latitude: 37.8, longitude: -122.4}
                - {block: 203.0.113.0/24, latitude: 35.7, longitude: 139.7}
            """
                .formatted(eu.port(), us.port(), asia.port());
    Path file = Files.writeString(directory.resolve("gateway.yaml"), yaml);
    gateway = GatewayProcess.start("run", file.toString());
    port = gateway.port("plain");
    // Cold code is slow code; what follows is about regions, not about compilers.
    OpenLoop.run(port, 200, Duration.ofSeconds(2), Duration.ofSeconds(1), () -> {});
  }

  @AfterEach
  void stop() {
    gateway.close();
    eu.close();
    us.close();
    asia.close();
  }

  @Test
  void a_killed_region_fails_no_request_and_gets_none_after_a_second() {
    OpenLoop.Report report = OpenLoop.run(port, PER_SECOND, LENGTH, FAULT_AFTER, eu::kill);

    System.out.println(report);
    assertThat(report.failed()).as(report.toString()).isZero();
    assertThat(report.lastServedBy("eu")).as(report.toString()).isLessThan(Duration.ofSeconds(1));
    assertThat(report.servedBy("eu")).as(report.toString()).isPositive();
  }

  @Test
  void a_stopped_region_fails_no_request_and_nobody_waits_over_a_second_and_a_half() {
    OpenLoop.Report report = OpenLoop.run(port, PER_SECOND, LENGTH, FAULT_AFTER, eu::stop);

    System.out.println(report);
    assertThat(report.failed()).as(report.toString()).isZero();
    assertThat(report.slowest()).as(report.toString()).isLessThan(Duration.ofMillis(1500));
    assertThat(report.lastServedBy("eu")).as(report.toString()).isLessThan(Duration.ofSeconds(1));
  }
}
