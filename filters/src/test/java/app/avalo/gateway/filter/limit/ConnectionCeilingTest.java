package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConnectionCeilingTest {
  private final ConnectionCeiling ceiling = new ConnectionCeiling();

  @Test
  void asManyAsTheCeilingMayBeOpenPerService() {
    assertThat(ceiling.tryAcquire("chat", 2)).isTrue();
    assertThat(ceiling.tryAcquire("chat", 2)).isTrue();
    assertThat(ceiling.tryAcquire("chat", 2)).isFalse();
    assertThat(ceiling.tryAcquire("calls", 2)).isTrue();

    ceiling.release("chat");

    assertThat(ceiling.tryAcquire("chat", 2)).isTrue();
    assertThat(ceiling.open()).containsEntry("chat", 2).containsEntry("calls", 1);
  }

  @Test
  void aLowerCeilingHoldsForNewOnesAtOnce() {
    ceiling.tryAcquire("chat", 5);
    ceiling.tryAcquire("chat", 5);

    assertThat(ceiling.tryAcquire("chat", 1)).isFalse();
  }

  @Test
  void aReleaseTooManyIsABugThatShows() {
    ceiling.tryAcquire("chat", 1);
    ceiling.release("chat");

    assertThatThrownBy(() -> ceiling.release("chat")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void threadsNeverExceedItTogether() throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger acquired = new AtomicInteger();
    for (int t = 0; t < 4; t++) {
      threads.submit(
          () -> {
            go.await();
            for (int i = 0; i < 1000; i++) {
              acquired.addAndGet(ceiling.tryAcquire("chat", 700) ? 1 : 0);
            }
            return null;
          });
    }
    go.countDown();
    threads.shutdown();

    assertThat(threads.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    assertThat(acquired).hasValue(700);
  }
}
