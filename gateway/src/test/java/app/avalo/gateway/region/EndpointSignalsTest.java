package app.avalo.gateway.region;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.region.EndpointHealth.Failure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EndpointSignalsTest {
  private final Queue<Runnable> control = new ArrayDeque<>();
  private final EndpointSignals signals =
      new EndpointSignals(
          new EndpointSignals.Key(
              "eu",
              false,
              Protocol.HTTP1,
              "127.0.0.1",
              1,
              null,
              World.CHECK.kind(),
              World.CHECK.ask(),
              World.CHECK.expect()),
          task -> {
            synchronized (control) {
              control.add(task);
            }
          },
          new VirtualTime());

  @Test
  void manyFailuresWakeTheControlLoopOnceUntilItHasLooked() {
    List<Long> seen = new ArrayList<>();
    signals.onFailures(() -> seen.add(signals.failures()));
    for (int i = 0; i < 1_000; i++) {
      signals.failed(Failure.BAD_ANSWER);
    }
    assertThat(control).hasSize(1);
    control.remove().run();
    assertThat(seen).containsExactly(1_000L);
    signals.failed(Failure.BAD_ANSWER);
    assertThat(control).hasSize(1);
  }

  @Test
  void successesCostTheControlLoopNothing() {
    for (int i = 0; i < 1_000; i++) {
      signals.succeeded();
    }
    assertThat(control).isEmpty();
    assertThat(signals.successes()).isEqualTo(1_000);
  }

  @Test
  void trafficNeverTakesAnEndpointFartherThanSuspectNorOutOfOut() {
    signals.failed(Failure.CONNECT);
    assertThat(signals.standing()).isEqualTo(Standing.SUSPECT);
    signals.standing(Standing.OUT);
    signals.failed(Failure.CONNECT);
    signals.succeeded();
    assertThat(signals.standing()).isEqualTo(Standing.OUT);
  }

  @Test
  void signalsOfManyLoopsAreAllCounted() throws Exception {
    CountDownLatch done = new CountDownLatch(4);
    for (int loop = 0; loop < 4; loop++) {
      new Thread(
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  signals.succeeded();
                  signals.failed(Failure.RESET);
                }
                done.countDown();
              })
          .start();
    }
    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(signals.successes()).isEqualTo(40_000);
    assertThat(signals.failures(Failure.RESET)).isEqualTo(40_000);
    assertThat(control).hasSize(1);
  }
}
