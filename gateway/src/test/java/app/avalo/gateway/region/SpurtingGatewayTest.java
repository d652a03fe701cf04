package app.avalo.gateway.region;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gateways on a machine with too much to do, beside sound regions and a lost one. */
class SpurtingGatewayTest {
  private static final Duration LOOK = Duration.ofMillis(50);

  /** What became of votes while regions were sound: looks at which one was cast. */
  private record Votes(int suspects, int convicts) {}

  private static Votes votes(NoisyWorld world, Duration span) {
    int suspects = 0;
    int convicts = 0;
    for (long look = 0; look < span.dividedBy(LOOK); look++) {
      world.time.advance(LOOK);
      for (NoisyWorld.Gateway gateway : world.gateways) {
        for (int region = 0; region < NoisyWorld.REGIONS.size(); region++) {
          suspects += gateway.suspects(region) ? 1 : 0;
          convicts += gateway.convicts(region) ? 1 : 0;
        }
      }
    }
    return new Votes(suspects, convicts);
  }

  @ParameterizedTest
  @CsvSource({"400, 100", "200, 200", "100, 300", "1000, 1000", "2000, 250"})
  void doNotVoteAgainstSoundRegions(long runMillis, long stillMillis) {
    NoisyWorld world = new NoisyWorld(3, 1);
    for (NoisyWorld.Gateway gateway : world.gateways) {
      gateway.spurt(Duration.ofMillis(runMillis), Duration.ofMillis(stillMillis));
    }

    Votes votes = votes(world, Duration.ofMinutes(10));

    assertThat(votes).isEqualTo(new Votes(0, 0));
    assertThat(world.gateways).allMatch(gateway -> gateway.suspicions == 0);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void doNotSuspectAnybodyBecauseTheirStartTookLong(long seed) {
    NoisyWorld world = new NoisyWorld(3, seed);
    world.time.advance(Duration.ofMillis(50));
    for (NoisyWorld.Gateway gateway : world.gateways) {
      gateway.standStill(Duration.ofMillis(900));
    }

    world.time.advance(Duration.ofSeconds(5));

    assertThat(world.gateways).allMatch(gateway -> gateway.suspicions == 0);
  }

  @ParameterizedTest
  @CsvSource({"400, 100", "200, 200"})
  void findALostRegionAllTheSame(long runMillis, long stillMillis) {
    NoisyWorld world = new NoisyWorld(1, 1);
    NoisyWorld.Gateway gateway = world.gateways[0];
    gateway.spurt(Duration.ofMillis(runMillis), Duration.ofMillis(stillMillis));
    world.time.advance(Duration.ofMinutes(1));
    gateway.blind(0, true);

    Votes votes = votes(world, Duration.ofSeconds(20));

    assertThat(votes.convicts()).isPositive();
  }
}
