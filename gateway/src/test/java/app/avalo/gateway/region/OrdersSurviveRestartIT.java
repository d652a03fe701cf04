package app.avalo.gateway.region;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OrdersSurviveRestartIT {
  @TempDir Path directory;
  private Plan plan;

  @BeforeEach
  void keepStateInADirectory() {
    plan =
        Plans.minimal()
            .state(new StateConfig(directory.resolve("state"), null))
            .service(World.service("feed", java.util.Map.of("eu", List.of(1)), World.CHECK))
            .compile();
  }

  @Test
  void aForcedRegionIsStillForcedAfterARestart() throws Exception {
    Forced order = new Forced(true, "ana", "maintenance", 4_000_000_000_000L);
    Vertx first = Vertx.vertx();
    HealthMonitor monitor = await(HealthService.deploy(first, plan, new UpstreamTrust(first)));
    await(monitor.force("eu", order));
    await(monitor.force("us", new Forced(false, "ana", "trust me", null)));
    await(monitor.release("us", "ana"));
    await(first.close());

    Vertx second = Vertx.vertx();
    try {
      HealthMonitor again = await(HealthService.deploy(second, plan, new UpstreamTrust(second)));
      assertThat(again.standing(plan.region("eu"))).isEqualTo(Standing.OUT);
      assertThat(again.standing(plan.region("us"))).isEqualTo(Standing.IN_SERVICE);
      assertThat(await(again.status()).get(0).forced()).isEqualTo(order);
    } finally {
      await(second.close());
    }
  }

  @Test
  void aBrokenFileForcesNothingAndStopsNothing() throws Exception {
    Files.createDirectories(directory.resolve("state"));
    Files.writeString(directory.resolve("state/forced.json"), "{\"eu\": {\"out\": tru");
    Vertx vertx = Vertx.vertx();
    try {
      HealthMonitor monitor = await(HealthService.deploy(vertx, plan, new UpstreamTrust(vertx)));
      assertThat(monitor.standing(plan.region("eu"))).isNotEqualTo(Standing.OUT);
    } finally {
      await(vertx.close());
    }
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(15, TimeUnit.SECONDS);
  }
}
