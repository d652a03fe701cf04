package app.avalo.gateway.filter.pin.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.pin.store.Binding.Cause;
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

class LocalPinStoreTest extends PinStoreContract {
  @TempDir private Path directory;
  private final VirtualTime time = new VirtualTime();
  private final LocalPinStore store = LocalPinStore.inMemory(time);

  @Override
  PinStore store() {
    return store;
  }

  @Override
  <T> T await(Supplier<Future<T>> supplier) {
    Future<T> future = supplier.get();
    assertThat(future.succeeded()).isTrue();
    return future.result();
  }

  @Test
  void bindingThatNobodyUsesEnds() {
    store.claim(ALICE, Binding.first(0, NOW), Duration.ofHours(1));
    time.advance(Duration.ofMinutes(61));
    assertThat(store.known(ALICE)).isNull();
  }

  @Test
  void bindingThatIsReadGoesOn() {
    store.claim(ALICE, Binding.first(0, NOW), Duration.ofHours(1));
    time.advance(Duration.ofMinutes(50));
    store.read(ALICE, Duration.ofHours(1));
    time.advance(Duration.ofMinutes(50));
    assertThat(store.known(ALICE)).isNotNull();
  }

  @Test
  void readWithoutLifetimeProlongsNothing() {
    store.claim(ALICE, Binding.first(0, NOW), Duration.ofHours(1));
    time.advance(Duration.ofMinutes(50));
    store.read(ALICE, Duration.ZERO);
    time.advance(Duration.ofMinutes(50));
    assertThat(store.known(ALICE)).isNull();
  }

  @Test
  void concurrentFirstRequestsGetOneHome() throws Exception {
    int threads = 8;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    CyclicBarrier together = new CyclicBarrier(threads);
    try {
      for (int round = 0; round < 200; round++) {
        PinKey key = new PinKey("wallet", round, 0);
        List<Callable<Long>> claims =
            IntStream.range(0, threads)
                .<Callable<Long>>mapToObj(
                    region ->
                        () -> {
                          together.await();
                          return store.claim(key, Binding.first(region, NOW), TTL).result().epoch();
                        })
                .toList();
        Set<Long> homes = new HashSet<>();
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
  void bindingsSurviveARestart() throws IOException {
    Binding moved;
    try (LocalPinStore first = LocalPinStore.open(directory, time)) {
      Binding eu = first.claim(ALICE, Binding.first(0, NOW), TTL).result();
      moved = first.move(ALICE, eu, 2, Cause.OPERATOR, TTL).result().binding();
      first.claim(BOB, Binding.first(1, NOW), Duration.ofHours(1));
    }
    time.advance(Duration.ofHours(2));
    try (LocalPinStore second = LocalPinStore.open(directory, time)) {
      assertThat(second.known(ALICE)).isEqualTo(moved);
      assertThat(second.known(BOB)).as("expired while the gateway was down").isNull();
    }
  }

  @Test
  void manyMovesDoNotMakeTheFileGrowForEver() throws IOException {
    try (LocalPinStore first = LocalPinStore.open(directory, time)) {
      Binding at = first.claim(ALICE, Binding.first(0, NOW), TTL).result();
      for (int i = 0; i < 100_000; i++) {
        at = first.move(ALICE, at, i % 3, Cause.FAILOVER, TTL).result().binding();
      }
    }
    assertThat(Files.size(directory.resolve("pins.log"))).isLessThan(3_000_000);
    try (LocalPinStore second = LocalPinStore.open(directory, time)) {
      assertThat(second.known(ALICE).counter()).isEqualTo(100_001);
    }
  }

  @Test
  void twoGatewaysDoNotShareADirectory() throws IOException {
    try (LocalPinStore first = LocalPinStore.open(directory, time)) {
      assertThatThrownBy(() -> LocalPinStore.open(directory, time))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another gateway uses this directory");
      assertThat(first.known(ALICE)).isNull();
    }
  }

  @Test
  void foreignFileIsSetAside() throws IOException {
    Files.writeString(directory.resolve("pins.log"), "somebody's shopping list");
    try (LocalPinStore store = LocalPinStore.open(directory, time)) {
      assertThat(store.known(ALICE)).isNull();
    }
    assertThat(directory.resolve("pins.log.unreadable")).hasContent("somebody's shopping list");
  }
}
