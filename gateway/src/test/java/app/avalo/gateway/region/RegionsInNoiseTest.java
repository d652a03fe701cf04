package app.avalo.gateway.region;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A short run of {@link RegionsInNoise}; the long one is a program. */
class RegionsInNoiseTest {
  @Test
  void twoDaysOfNoiseEvictAtMostOneRegionADay() {
    assertThat(RegionsInNoise.noise(2, 1).perGatewayDay()).isLessThanOrEqualTo(1);
  }

  @Test
  void sixHoursOfNoisePauseTheWritesOfBoundUsersAndMoveNobody() {
    RegionsInNoise.Bound bound = RegionsInNoise.bound(Duration.ofHours(6), 1);

    assertThat(bound.pauses()).isBetween(1, 20);
    assertThat(bound.moves()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aRegionThatFlapsEveryFiveSecondsMovesAUserThereAndBack(long seed) {
    assertThat(RegionsInNoise.flapping(Duration.ofSeconds(5), Duration.ofSeconds(5), seed))
        .isLessThanOrEqualTo(2);
  }

  @Test
  void aBlindGatewayMovesNobodyElsesUsers() {
    RegionsInNoise.Blind blind = RegionsInNoise.blind(1);
    assertThat(blind.others()).isZero();
    assertThat(blind.evictions()).isZero();
    assertThat(blind.own()).isBetween(1, 3);
  }
}
