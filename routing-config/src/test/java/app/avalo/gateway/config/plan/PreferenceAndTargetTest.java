package app.avalo.gateway.config.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.unit.Rate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PreferenceAndTargetTest {
  private final Region eu = region(0, "eu");
  private final Region us = region(1, "us");
  private final Region asia = region(2, "asia");

  private static Region region(int ordinal, String name) {
    return new Region(ordinal, new RegionConfig(name, ordinal, name, 0, 0, Set.of(), 0.5));
  }

  private static ServiceConfig config(String name) {
    Duration second = Duration.ofSeconds(1);
    return new ServiceConfig(
        name,
        ServiceConfig.Priority.NORMAL,
        ServiceConfig.Protocol.HTTP1,
        Map.of(),
        new ServiceConfig.UpstreamTls(null, null, true, null, second),
        new ServiceConfig.HealthCheck(
            ServiceConfig.CheckKind.HTTP,
            new ServiceConfig.CheckRequest("/", null, Map.of()),
            new ServiceConfig.CheckAnswer(new ServiceConfig.StatusRange(200, 299), null),
            new ServiceConfig.CheckTimes(second, second, second, second),
            1,
            1),
        new ServiceConfig.Timeouts(second, second, second, second, second),
        new ServiceConfig.Retry(1, Set.of(), Set.of(), false, false, false),
        new ServiceConfig.Balance(ServiceConfig.By.LOAD, null, second, Map.of()),
        null,
        false,
        List.of(),
        new ServiceConfig.WebSocket(1, 1, new Rate(1, second), null, 0, second),
        new ServiceConfig.Streams(1, 1),
        new ServiceConfig.Targets(null, null, null));
  }

  @Test
  void aPreferenceHasEachRegionOnceAndAtLeastOne() {
    assertThatThrownBy(() -> RegionPreference.of(List.of())).hasMessageContaining("at least one");
    assertThatThrownBy(() -> RegionPreference.of(List.of(eu, us, eu))).hasMessageContaining("once");
  }

  @Test
  void startingWithMovesARegionToTheFrontAndKeepsTheOrderOfTheOthers() {
    RegionPreference preference = RegionPreference.of(List.of(eu, us, asia));
    assertThat(preference.startingWith(asia)).containsExactly(asia, eu, us);
    assertThat(preference.startingWith(us)).containsExactly(us, eu, asia);
    assertThat(preference).containsExactly(eu, us, asia);
  }

  @Test
  void regionsWithinFiveMillisecondsOrATenthOfTheBestAreNear() {
    List<Region> order = List.of(eu, us, asia);
    assertThat(RegionPreference.of(order, new float[] {10, 15, 16}).nearCount()).isEqualTo(2);
    assertThat(RegionPreference.of(order, new float[] {100, 110, 111}).nearCount()).isEqualTo(2);
    assertThat(RegionPreference.of(order, new float[] {12, 10, Float.NaN}).nearCount())
        .isEqualTo(2);
    assertThat(RegionPreference.of(order).nearCount()).isEqualTo(1);
  }

  @Test
  void costsGoWithTheirRegionsAndTheOneMovedToTheFrontHasNoneNear() {
    RegionPreference preference =
        RegionPreference.of(List.of(eu, us, asia), new float[] {10, 11, 90}).startingWith(us);
    assertThat(preference).containsExactly(us, eu, asia);
    assertThat(preference.costMillis(0)).isEqualTo(11);
    assertThat(preference.costMillis(1)).isEqualTo(10);
    assertThat(preference.costMillis(2)).isEqualTo(90);
    assertThat(preference.nearCount()).isEqualTo(1);
  }

  @Test
  void aPreferenceNeedsOneCostForEachRegion() {
    assertThatThrownBy(() -> RegionPreference.of(List.of(eu, us), new float[] {1}))
        .hasMessageContaining("one a region");
  }

  @Test
  void startingWithTheFirstOrAnUnknownRegionChangesNothing() {
    RegionPreference preference = RegionPreference.of(List.of(eu, us));
    assertThat(preference.startingWith(eu)).isSameAs(preference);
    assertThat(preference.startingWith(asia)).isSameAs(preference);
    assertThat(preference.indexOf(asia)).isEqualTo(-1);
    assertThat(preference.indexOf(us)).isEqualTo(1);
  }

  @Property
  void eachTargetGetsItsWeightOverOneCycleFromAnyStart(
      @ForAll @Size(min = 1, max = 6) List<@IntRange(min = 1, max = 40) Integer> weights,
      @ForAll int start) {
    List<Target> targets = new ArrayList<>();
    for (int weight : weights) {
      Service service = new Service(targets.size(), config("s" + targets.size()), List.of());
      targets.add(new Target(service, weight, List.of(), List.of(), null));
    }
    Route route = RouteSpec.route(0, "r", RouteSpec.prefix("/").match(), targets);
    Map<Integer, Integer> counts = new TreeMap<>();
    // The cycle is broken once in 2^32 draws, where int overflows.
    int from = start & 0x3fff_ffff;
    for (int draw = from; draw < from + route.totalWeight(); draw++) {
      counts.merge(route.target(draw).service().ordinal(), 1, Integer::sum);
    }
    assertThat(List.copyOf(counts.values())).isEqualTo(weights);
    assertThat(targets)
        .contains(route.target(start), route.target(-start), route.target(Integer.MIN_VALUE));
  }
}
