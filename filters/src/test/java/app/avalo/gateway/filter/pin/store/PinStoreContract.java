package app.avalo.gateway.filter.pin.store;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.store.Binding.Cause;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every store promises. */
abstract class PinStoreContract {
  static final Duration TTL = Duration.ofDays(30);
  static final long NOW = 1_795_219_200_000L;
  static final PinKey ALICE = new PinKey("wallet", 1, 2);
  static final PinKey BOB = new PinKey("wallet", 1, 3);

  /** The store, empty at first. */
  abstract PinStore store();

  /** The outcome of something that starts on the store's loop. */
  abstract <T> T await(Supplier<Future<T>> supplier);

  private @Nullable Binding read(PinKey key) {
    return await(() -> store().read(key, TTL));
  }

  private Binding claim(PinKey key, Binding proposal) {
    return await(() -> store().claim(key, proposal, TTL));
  }

  private PinStore.Outcome move(PinKey key, Binding seen, int to) {
    return await(() -> store().move(key, seen, to, Cause.FAILOVER, TTL));
  }

  @Test
  void nobodyIsBoundAtFirst() {
    assertThat(read(ALICE)).isNull();
    assertThat(store().known(ALICE)).isNull();
  }

  @Test
  void firstWriterWins() {
    Binding eu = Binding.first(0, NOW);
    assertThat(claim(ALICE, eu)).isEqualTo(eu);
    assertThat(claim(ALICE, Binding.first(1, NOW + 1))).isEqualTo(eu);
    assertThat(read(ALICE)).isEqualTo(eu);
    assertThat(read(BOB)).isNull();
  }

  @Test
  void higherCounterRepairsTheStoreWithItsRegion() {
    claim(ALICE, Binding.first(0, NOW));
    Binding witness = new Binding(Epoch.of(5, 2), 0, NOW, Cause.WITNESS);
    assertThat(claim(ALICE, witness)).isEqualTo(witness);
    assertThat(read(ALICE)).isEqualTo(witness);
  }

  @Test
  void moveRaisesTheCounterAndKeepsTheHome() {
    Binding eu = claim(ALICE, Binding.first(0, NOW));
    PinStore.Outcome outcome = move(ALICE, eu, 2);
    assertThat(outcome.moved()).isTrue();
    assertThat(outcome.binding().epoch()).isEqualTo(Epoch.of(2, 2));
    assertThat(outcome.binding().home()).isZero();
    assertThat(outcome.binding().cause()).isEqualTo(Cause.FAILOVER);
    assertThat(read(ALICE)).isEqualTo(outcome.binding());
    assertThat(store().known(ALICE)).isEqualTo(outcome.binding());
  }

  @Test
  void moveThatSawAnOlderBindingIsOvertaken() {
    Binding eu = claim(ALICE, Binding.first(0, NOW));
    Binding us = move(ALICE, eu, 1).binding();
    PinStore.Outcome late = move(ALICE, eu, 2);
    assertThat(late.moved()).isFalse();
    assertThat(late.binding()).isEqualTo(us);
  }

  @Test
  void moveThatSawAnotherRegionUnderTheSameCounterIsOvertaken() {
    Binding eu = claim(ALICE, Binding.first(0, NOW));
    PinStore.Outcome other = move(ALICE, Binding.first(1, NOW), 2);
    assertThat(other.moved()).isFalse();
    assertThat(other.binding()).isEqualTo(eu);
  }

  @Test
  void moveOfABindingTheStoreLostGoesAboveTheWitness() {
    Binding witness = new Binding(Epoch.of(7, 1), 1, 0, Cause.WITNESS);
    PinStore.Outcome outcome = move(ALICE, witness, 0);
    assertThat(outcome.moved()).isTrue();
    assertThat(outcome.binding().epoch()).isEqualTo(Epoch.of(8, 0));
    assertThat(outcome.binding().home()).isEqualTo(1);
  }

  @Test
  void scanMeetsEverybody() {
    Map<PinKey, Binding> expected = new HashMap<>();
    for (int i = 0; i < 1234; i++) {
      PinKey key = new PinKey("chat", i, ~i);
      expected.put(key, claim(key, Binding.first(i % 3, NOW)));
    }
    Map<PinKey, Binding> found = new HashMap<>();
    PinStore.Scan scan = store().scan();
    List<PinStore.Entry> page;
    while ((page = await(() -> scan.next(100))) != null) {
      page.forEach(entry -> found.put(entry.key(), entry.binding()));
    }
    assertThat(found).isEqualTo(expected);
  }

  /** The algebra itself, step by step, against whatever the store does. */
  @Test
  void anyOrderOfStepsGivesWhatTheAlgebraSays() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    Map<PinKey, Binding> model = new HashMap<>();
    List<Binding> seen = new ArrayList<>(List.of(Binding.first(0, NOW)));
    for (int i = 0; i < 500; i++) {
      PinKey key = random.nextBoolean() ? ALICE : BOB;
      Binding current = model.get(key);
      Binding any = seen.get(random.nextInt(seen.size()));
      int region = random.nextInt(4);
      if (random.nextInt(4) == 0) {
        Binding proposal =
            new Binding(Epoch.of(1 + random.nextInt(40), region), region, NOW, Cause.WITNESS);
        Binding held = claim(key, proposal);
        assertThat(held)
            .as("seed %d step %d", seed, i)
            .isEqualTo(Binding.claimed(current, proposal));
        model.put(key, held);
      } else {
        Binding from = current != null && random.nextBoolean() ? current : any;
        PinStore.Outcome outcome = move(key, from, region);
        boolean late = Binding.overtook(current, from.epoch());
        assertThat(outcome.moved()).as("seed %d step %d", seed, i).isEqualTo(!late);
        long expected =
            late
                ? current.epoch()
                : Binding.moved(current, from, region, Cause.FAILOVER, 0).epoch();
        assertThat(outcome.binding().epoch()).as("seed %d step %d", seed, i).isEqualTo(expected);
        model.put(key, outcome.binding());
      }
      seen.add(model.get(key));
      assertThat(read(key)).as("seed %d step %d", seed, i).isEqualTo(model.get(key));
    }
  }
}
