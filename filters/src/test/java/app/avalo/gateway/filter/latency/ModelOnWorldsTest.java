package app.avalo.gateway.filter.latency;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The figures that the model is held to, on worlds of these seeds. */
class ModelOnWorldsTest {
  private static final int SEEDS = 6;

  private static WorldTrial.Score mean(LongFunction<WorldTrial.Score> trial) {
    return WorldTrial.Score.mean(LongStream.rangeClosed(1, SEEDS).mapToObj(trial).toList());
  }

  @Test
  void theWorldsAreAsHardAsTheRealOne() {
    assertThat(World.named(1).medianErrorOfTheMap()).isBetween(0.14, 0.20);
    assertThat(mean(seed -> new WorldTrial(World.named(seed)).distance()).best())
        .isBetween(0.86, 0.91);
  }

  @Test
  void aCallerOfWhomNothingIsKnownGetsTheBestRegionMoreOftenThanByDistance() {
    WorldTrial.Score cold = mean(seed -> new WorldTrial(World.named(seed)).cold(seed));
    assertThat(cold.best()).as(cold.toString()).isGreaterThanOrEqualTo(0.89);
    assertThat(cold.worseThanDistance()).as(cold.toString()).isLessThan(0.01);
  }

  @Test
  void oneRoundOfReportsFindsTheBestRegionForNearlyAll() {
    WorldTrial.Score known = mean(seed -> new WorldTrial(World.named(seed)).after(1, seed));
    assertThat(known.best()).as(known.toString()).isGreaterThanOrEqualTo(0.96);
    assertThat(known.near()).as(known.toString()).isGreaterThanOrEqualTo(0.985);
    assertThat(known.worseThanDistance()).as(known.toString()).isLessThan(0.01);
  }

  @Test
  void whatWasMeasuredOftenCountsMoreThanTheGlobe() {
    WorldTrial.Score known = mean(seed -> new WorldTrial(World.named(seed)).after(3, seed));
    assertThat(known.best()).as(known.toString()).isGreaterThanOrEqualTo(0.983);
  }

  @Test
  void regionsInAnyEightCitiesAreFoundToo() {
    WorldTrial.Score cold = mean(seed -> new WorldTrial(World.drawn(seed)).cold(seed));
    WorldTrial.Score distance = mean(seed -> new WorldTrial(World.drawn(seed)).distance());
    assertThat(cold.best()).as(cold.toString()).isGreaterThanOrEqualTo(distance.best() + 0.01);
    assertThat(cold.worseThanDistance()).as(cold.toString()).isLessThan(0.01);
    WorldTrial.Score once = mean(seed -> new WorldTrial(World.drawn(seed)).after(1, seed));
    assertThat(once.best()).as(once.toString()).isGreaterThanOrEqualTo(0.96);
    assertThat(once.worseThanDistance()).as(once.toString()).isLessThan(0.005);
    WorldTrial.Score known = mean(seed -> new WorldTrial(World.drawn(seed)).after(3, seed));
    assertThat(known.best()).as(known.toString()).isGreaterThanOrEqualTo(0.97);
    assertThat(known.meanExcessMillis()).as(known.toString()).isLessThan(0.3);
  }

  @Test
  void unquietPathsMoveACallerOnceInAHundredDecisionsAtMost() {
    int switches = 0;
    double excess = 0;
    for (long seed = 1; seed <= 20; seed++) {
      NoisyPaths.Result result = NoisyPaths.run(seed, 1000);
      switches += result.switches();
      excess += result.excessMillis() / 20;
    }
    assertThat(switches / 200.0).as("excess %.2f ms", excess).isLessThanOrEqualTo(1);
    assertThat(excess).isLessThan(3);
  }
}
