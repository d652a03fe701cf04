package app.avalo.gateway.filter.pin.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every store promises. */
abstract class HomeStoreContract {
  static final Duration TTL = Duration.ofDays(30);
  static final PinKey ALICE = new PinKey("wallet", 1, 2);
  static final PinKey BOB = new PinKey("wallet", 1, 3);

  /** The store, empty at first. */
  abstract HomeStore store();

  /** The outcome of something that starts on the store's loop. */
  abstract <T> T await(Supplier<Future<T>> supplier);

  @Nullable Home find(PinKey key) {
    return await(() -> store().find(key));
  }

  Home claim(PinKey key, int region) {
    return await(() -> store().claim(key, region, TTL));
  }

  @Test
  void nobodyHasAHomeAtFirst() {
    assertThat(find(ALICE)).isNull();
    assertThat(store().known(ALICE, TTL)).isEqualTo(HomeStore.UNKNOWN);
  }

  @Test
  void firstWriterWins() {
    Home eu = claim(ALICE, 0);
    assertThat(eu.region()).isZero();
    assertThat(claim(ALICE, 1)).isEqualTo(eu);
    assertThat(find(ALICE)).isEqualTo(eu);
    assertThat(find(BOB)).isNull();
  }

  @Test
  void aHomeThatWasSeenIsKnownWithoutWaiting() {
    claim(ALICE, 2);
    assertThat(store().known(ALICE, TTL)).isEqualTo(2);
  }

  @Test
  void scanMeetsEverybody() {
    Map<PinKey, Home> expected = new HashMap<>();
    for (int i = 0; i < 1234; i++) {
      PinKey key = new PinKey("chat", i, ~i);
      expected.put(key, claim(key, i % 3));
    }
    Map<PinKey, Home> found = new HashMap<>();
    HomeStore.Scan scan = store().scan();
    List<HomeStore.Entry> page;
    while ((page = await(() -> scan.next(100))) != null) {
      page.forEach(entry -> found.put(entry.key(), entry.home()));
    }
    assertThat(found).isEqualTo(expected);
  }
}
