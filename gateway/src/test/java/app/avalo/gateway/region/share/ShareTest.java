package app.avalo.gateway.region.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShareTest {
  private final VirtualTime time = new VirtualTime();
  private final Share share = new Share("eu", time);

  private void pass(Duration span, boolean steady, boolean slow) {
    for (long millis = 0; millis < span.toMillis(); millis += 250) {
      time.advance(Duration.ofMillis(250));
      share.tick(steady, slow);
    }
  }

  private List<Integer> inside(int callers) {
    List<Integer> inside = new ArrayList<>();
    for (int caller = 0; caller < callers; caller++) {
      share.taken(caller);
      if (share.admits(caller)) {
        inside.add(caller);
      }
    }
    return inside;
  }

  @Test
  void aRegionThatReturnsDoublesItsShareFromASixteenthToAll() {
    share.lost();
    share.returned();
    List<Integer> shares = new ArrayList<>(List.of(share.now()));
    for (int i = 0; i < 5; i++) {
      pass(Share.STEP, true, false);
      shares.add(share.now());
    }
    assertThat(shares).containsExactly(64, 128, 256, 512, 1024, 1024);
  }

  @Test
  void aRegionOfManyUsersBeginsWithFiveHundredOfThem() {
    assertThat(inside(20_000)).hasSize(20_000);
    share.lost();
    share.returned();
    assertThat(inside(20_000).size()).isBetween(350, 650);
  }

  @Test
  void theShareDoesNotRiseWhileTheRegionIsInDoubt() {
    share.returned();
    pass(Duration.ofSeconds(20), false, false);
    assertThat(share.now()).isEqualTo(64);
  }

  @Test
  void aSlowRegionKeepsAnEighthAndComesBackMoreSlowly() {
    pass(Duration.ofSeconds(60), true, true);
    assertThat(share.now()).isEqualTo(128);
    pass(Duration.ofSeconds(9), true, false);
    assertThat(share.now()).isLessThanOrEqualTo(256);
    pass(Duration.ofSeconds(30), true, false);
    assertThat(share.now()).isEqualTo(1024);
  }

  @Test
  void whoIsInsideStaysInsideWhileTheShareRises() {
    share.returned();
    List<Integer> before = inside(5_000);
    pass(Share.STEP, true, false);
    List<Integer> after = inside(5_000);
    assertThat(after).containsAll(before);
    assertThat((double) before.size()).isCloseTo(5_000 / 16.0, within(80.0));
  }

  @Test
  void aRegionOfFewCallersReturnsWithAllOfThem() {
    inside(300);
    share.lost();
    share.returned();
    assertThat(share.now()).isEqualTo(1024);
  }

  @Test
  void aDrainSendsFiveHundredUsersAwayAtEachStep() {
    inside(5_000);
    share.drain(500, Duration.ofSeconds(1), share.now());
    int first = inside(5_000).size();
    pass(Duration.ofSeconds(1), true, false);
    int second = inside(5_000).size();
    assertThat(5_000 - first).isBetween(350, 650);
    assertThat(first - second).isBetween(350, 650);
    pass(Duration.ofSeconds(15), true, false);
    assertThat(share.isDrained()).isTrue();
    assertThat(inside(5_000)).isEmpty();
  }

  @Test
  void aDrainThatIsStoppedLetsUsersComeBackStepByStep() {
    inside(5_000);
    share.drain(500, Duration.ofSeconds(1), share.now());
    pass(Duration.ofSeconds(4), true, false);
    int left = share.now();
    share.stopDrain();
    assertThat(share.now()).isEqualTo(left).isLessThan(600);
    pass(Duration.ofSeconds(20), true, false);
    assertThat(share.now()).isEqualTo(Share.ALL);
  }

  @Test
  void usersAreCountedOnceAndForgottenAfterTenMinutes() {
    for (int round = 0; round < 5; round++) {
      inside(3_000);
    }
    assertThat(share.users()).isBetween(2_500, 3_500);
    pass(Duration.ofMinutes(11), true, false);
    assertThat(share.users()).isZero();
  }

  @Test
  void twoRegionsDoNotSendTheSameUsersAwayFirst() {
    Share other = new Share("us", time);
    share.drain(500, Duration.ofSeconds(1), share.now());
    other.returned();
    share.stopDrain();
    share.returned();
    List<Integer> both = new ArrayList<>(inside(5_000));
    both.removeIf(caller -> !other.admits(caller));
    assertThat(both.size()).isLessThan(60);
  }

  @Test
  void askingWhetherACallerIsInsideMakesItNoUser() {
    for (int caller = 0; caller < 1_000; caller++) {
      share.admits(caller);
    }
    assertThat(share.users()).isZero();
  }

  @Test
  void ofVeryManyUsersAStepIsSmallOrComesLessOften() {
    inside(2_000_000);
    int users = share.users();
    share.drain(500, Duration.ofSeconds(1), share.now());
    pass(Duration.ofMinutes(10), true, false);
    double gone = users * (1 - share.now() / (double) Share.ALL);
    assertThat(gone).isBetween(250_000.0, 320_000.0);
  }
}
