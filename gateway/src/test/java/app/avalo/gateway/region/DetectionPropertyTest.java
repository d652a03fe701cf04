package app.avalo.gateway.region;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.region.World.Fate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random fates and traffic of three regions; what must hold whatever happens. */
class DetectionPropertyTest {
  private static final Map<String, Integer> REGIONS = Map.of("eu", 1, "us", 2, "asia", 3);

  @Property(tries = 150)
  void nothingIsConvictedWithoutFailedChecksNorEjectedWithoutFailedRequests(@ForAll long seed) {
    World world = new World();
    Random random = new Random(seed);
    for (int step = 0; step < 300; step++) {
      act(world, random);
      long out = REGIONS.keySet().stream().filter(r -> world.standing(r) == Standing.OUT).count();
      assertThat(out).as("never below half, seed %d", seed).isLessThanOrEqualTo(1);
      for (RegionStatus status : world.monitor.status().result()) {
        check(world, status);
      }
    }
  }

  private static void check(World world, RegionStatus status) {
    RegionStatus.EndpointStatus endpoint = status.endpoints().get(0);
    int failedChecks = world.failedChecks.getOrDefault(REGIONS.get(status.region()), 0);
    long failedRequests = endpoint.failures().values().stream().mapToLong(i -> i).sum();
    switch (endpoint.state()) {
      case "CONVICTED" -> assertThat(failedChecks).isGreaterThanOrEqualTo(2);
      case "EJECTED" -> assertThat(failedRequests).isGreaterThanOrEqualTo(3);
      default -> assertThat(endpoint.standing()).isNotEqualTo(Standing.OUT);
    }
  }

  @Property(tries = 100)
  void whateverHappenedAllReturnOnceAllIsWell(@ForAll long seed) {
    World world = new World();
    Random random = new Random(seed);
    for (int step = 0; step < 200; step++) {
      act(world, random);
    }
    world.fates.clear();
    world.pass(Duration.ofMinutes(5));
    for (String region : REGIONS.keySet()) {
      assertThat(world.standing(region))
          .as("%s, seed %d", region, seed)
          .isEqualTo(Standing.IN_SERVICE);
      assertThat(world.endpoint(region).standing()).isEqualTo(Standing.IN_SERVICE);
    }
    assertThat(world.monitor.panic()).isFalse();
  }

  private static void act(World world, Random random) {
    String region = List.of("eu", "us", "asia").get(random.nextInt(3));
    int choice = random.nextInt(10);
    if (choice < 2) {
      world.fates.put(REGIONS.get(region), Fate.values()[random.nextInt(Fate.values().length)]);
    } else if (choice < 5) {
      world.fail(region, Failure.values()[random.nextInt(4)], 1 + random.nextInt(6));
    } else if (choice < 7) {
      for (int i = random.nextInt(30); i >= 0; i--) {
        world.endpoint(region).succeeded();
      }
    }
    world.passMillis(random.nextInt(1_000));
  }
}
