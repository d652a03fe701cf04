package app.avalo.gateway.filter.pin.keep;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.keep.Simulation.Setup;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * What the pin protocol promises, on the classes that keep it in production, over a thousand seeded
 * storms; and that a protocol without one of its parts is caught. A failure names its seed: {@code
 * new Simulation(seed, setup).run().violations()} is that very run again.
 */
class SimulationTest {
  private static final int SEEDS = 1000;

  @Test
  void noStormMakesTwoRegionsOwnOneUser() {
    List<String> broken = broken(LongStream.range(0, SEEDS), Setup.COMPLETE);

    assertThat(broken).isEmpty();
  }

  /** Old votes evicted a healthy region in three; in one a restarted gateway seemed silent. */
  @Test
  void stormsThatOnceBrokeAPromiseBreakNone() {
    List<String> broken = broken(LongStream.of(23617, 31041, 31822, 37223), Setup.COMPLETE);

    assertThat(broken).isEmpty();
  }

  private static List<String> broken(LongStream seeds, Setup setup) {
    return seeds
        .parallel()
        .mapToObj(seed -> report(seed, setup))
        .filter(report -> !report.isEmpty())
        .toList();
  }

  private static String report(long seed, Setup setup) {
    List<String> violations = new Simulation(seed, setup).run().violations();
    return violations.isEmpty() ? "" : "seed " + seed + ": " + violations;
  }

  @Test
  void fiftyStormsMoveCellsAndSendStaleWritesIntoFences() {
    List<History> storms =
        LongStream.range(0, 50)
            .mapToObj(seed -> new Simulation(seed, Setup.COMPLETE).run())
            .toList();

    assertThat(storms).allMatch(history -> history.accepted() > 500);
    assertThat(storms).anyMatch(history -> history.moves() > 100);
    assertThat(storms).anyMatch(history -> history.refused() > 0);
  }

  @Test
  void theSameSeedIsTheSameRun() {
    History first = new Simulation(11, Setup.COMPLETE).run();
    History second = new Simulation(11, Setup.COMPLETE).run();

    assertThat(first.accepted()).isEqualTo(second.accepted());
    assertThat(first.refused()).isEqualTo(second.refused());
    assertThat(first.moves()).isEqualTo(second.moves());
  }

  @Test
  void withoutTheLeaseWaitTwoRegionsAreWritten() {
    Terms terms = terms(0, Terms.STANDARD);

    assertThat(firstBroken(new Setup(terms, true, true), "G3")).isPresent();
  }

  private static Terms terms(long waitNanos, Terms like) {
    return new Terms(
        like.leaseNanos(), waitNanos, like.liveNanos(), like.knownNanos(), like.quorum());
  }

  @Test
  void withoutTheFenceAStaleWriteIsAccepted() {
    assertThat(firstBroken(new Setup(Terms.STANDARD, false, true), "G2")).isPresent();
  }

  @Test
  void withoutWitnessesALostMoveLeavesAUserUnserved() {
    assertThat(firstBroken(new Setup(Terms.STANDARD, true, false), "G5")).isPresent();
  }

  @Test
  void withoutTheQuorumOneGatewayEvictsAHealthyRegion() {
    Terms like = Terms.STANDARD;
    Terms alone =
        new Terms(
            like.leaseNanos(), like.waitNanos(), like.liveNanos(), like.knownNanos(), live -> 1);

    assertThat(firstBroken(new Setup(alone, true, true), "unneeded")).isPresent();
  }

  private static OptionalLong firstBroken(Setup setup, String promise) {
    return LongStream.range(0, SEEDS)
        .filter(
            seed ->
                new Simulation(seed, setup)
                    .run().violations().stream().anyMatch(found -> found.contains(promise)))
        .findFirst();
  }
}
