package app.avalo.gateway.filter.pin.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalHomeStoreTest extends HomeStoreContract {
  @TempDir private Path directory;
  private final VirtualTime time = new VirtualTime();
  private final LocalHomeStore store = LocalHomeStore.inMemory(time);

  @Override
  HomeStore store() {
    return store;
  }

  @Override
  <T> T await(Supplier<Future<T>> supplier) {
    Future<T> future = supplier.get();
    assertThat(future.succeeded()).isTrue();
    return future.result();
  }

  @Test
  void aHomeThatNobodyUsesEnds() {
    store.claim(ALICE, 0, Duration.ofHours(1));
    time.advance(Duration.ofMinutes(61));
    assertThat(store.known(ALICE, TTL)).isEqualTo(HomeStore.UNKNOWN);
  }

  @Test
  void aHomeThatIsUsedGoesOn() {
    store.claim(ALICE, 0, Duration.ofHours(1));
    time.advance(Duration.ofMinutes(50));
    store.known(ALICE, Duration.ofHours(1));
    time.advance(Duration.ofMinutes(50));
    assertThat(store.known(ALICE, Duration.ZERO)).isZero();
  }

  @Test
  void lookingWithoutALifetimeProlongsNothing() {
    store.claim(ALICE, 0, Duration.ofHours(1));
    time.advance(Duration.ofMinutes(50));
    store.known(ALICE, Duration.ZERO);
    time.advance(Duration.ofMinutes(50));
    assertThat(store.known(ALICE, Duration.ZERO)).isEqualTo(HomeStore.UNKNOWN);
  }

  @Test
  void concurrentFirstRequestsGetOneHome() throws Exception {
    int threads = 8;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    CyclicBarrier together = new CyclicBarrier(threads);
    try {
      for (int round = 0; round < 200; round++) {
        PinKey key = new PinKey("wallet", round, 0);
        List<Callable<Integer>> claims =
            IntStream.range(0, threads)
                .<Callable<Integer>>mapToObj(
                    region ->
                        () -> {
                          together.await();
                          return store.claim(key, region, TTL).result().region();
                        })
                .toList();
        Set<Integer> homes = new HashSet<>();
        for (var claim : pool.invokeAll(claims)) {
          homes.add(claim.get());
        }
        assertThat(homes).hasSize(1);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void homesSurviveARestart() throws IOException {
    try (LocalHomeStore first = LocalHomeStore.open(directory, time)) {
      first.claim(ALICE, 2, TTL);
      first.claim(BOB, 1, Duration.ofHours(1));
    }
    time.advance(Duration.ofHours(2));
    try (LocalHomeStore second = LocalHomeStore.open(directory, time)) {
      assertThat(second.known(ALICE, TTL)).isEqualTo(2);
      assertThat(second.known(BOB, TTL))
          .as("ended while the gateway was down")
          .isEqualTo(HomeStore.UNKNOWN);
    }
  }

  @Test
  void manyRenewalsDoNotMakeTheFileGrowForEver() throws IOException {
    try (LocalHomeStore first = LocalHomeStore.open(directory, time)) {
      for (int i = 0; i < 100_000; i++) {
        first.claim(ALICE, 1, TTL);
      }
    }
    assertThat(Files.size(directory.resolve("homes.log"))).isLessThan(3_000_000);
    try (LocalHomeStore second = LocalHomeStore.open(directory, time)) {
      assertThat(second.known(ALICE, TTL)).isEqualTo(1);
    }
  }

  @Test
  void twoGatewaysDoNotShareADirectory() throws IOException {
    try (LocalHomeStore first = LocalHomeStore.open(directory, time)) {
      assertThatThrownBy(() -> LocalHomeStore.open(directory, time))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another gateway uses this directory");
      assertThat(first.known(ALICE, TTL)).isEqualTo(HomeStore.UNKNOWN);
    }
  }

  @Test
  void foreignFileIsSetAside() throws IOException {
    Files.writeString(directory.resolve("homes.log"), "somebody's shopping list");
    try (LocalHomeStore store = LocalHomeStore.open(directory, time)) {
      assertThat(store.known(ALICE, TTL)).isEqualTo(HomeStore.UNKNOWN);
    }
    assertThat(directory.resolve("homes.log.unreadable")).hasContent("somebody's shopping list");
  }
}
