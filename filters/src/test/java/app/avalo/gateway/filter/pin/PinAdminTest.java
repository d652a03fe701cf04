package app.avalo.gateway.filter.pin;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.pin.store.Binding;
import app.avalo.gateway.filter.pin.store.Epoch;
import app.avalo.gateway.filter.pin.store.LocalPinStore;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PinAdminTest {
  private static final Duration TTL = Duration.ofDays(30);
  private final VirtualTime time = new VirtualTime();
  private final LocalPinStore store = LocalPinStore.inMemory(time);
  private final PinAdmin admin = new PinAdmin(store, time);
  private final Plan plan = PinFixture.plan();

  private void bind(String user, String group, int region) {
    store.claim(PinIdentity.user(user).key(group), Binding.first(region, time.epochMillis()), TTL);
  }

  @Test
  void userIsFoundInAllGroups() {
    bind("alice", "chat", 0);
    bind("alice", "wallet", 9);
    assertThat(admin.find(PinIdentity.user("alice"), plan).result())
        .containsExactly(
            new PinAdmin.View(
                "chat", "eu", "eu", Epoch.of(1, 0), time.epochMillis(), Binding.Cause.FIRST),
            new PinAdmin.View(
                "wallet", "#9", "#9", Epoch.of(1, 9), time.epochMillis(), Binding.Cause.FIRST));
    assertThat(admin.find(PinIdentity.user("bob"), plan).result()).isEmpty();
  }

  @Test
  void moveSaysWhatBecameOfIt() {
    bind("alice", "chat", 0);
    PinIdentity alice = PinIdentity.user("alice");
    MoveResult moved = admin.move(alice, "chat", plan.regions().get(1), TTL).result();
    assertThat(moved)
        .isInstanceOfSatisfying(
            MoveResult.Moved.class,
            done -> {
              assertThat(done.from().epoch()).isEqualTo(Epoch.of(1, 0));
              assertThat(done.to().epoch()).isEqualTo(Epoch.of(2, 1));
            });
    assertThat(admin.move(alice, "chat", plan.regions().get(1), TTL).result())
        .isInstanceOf(MoveResult.Unchanged.class);
    assertThat(admin.move(alice, "wallet", plan.regions().get(1), TTL).result())
        .isInstanceOf(MoveResult.NotBound.class);
    PinFixture.SwitchedStore down = new PinFixture.SwitchedStore(store);
    down.down = true;
    assertThat(new PinAdmin(down, time).move(alice, "chat", plan.regions().get(0), TTL).result())
        .isEqualTo(new MoveResult.StoreDown("down"));
  }

  @Test
  void usersAreCountedPerGroupAndRegion() {
    for (int i = 0; i < 1700; i++) {
      bind("u" + i, "chat", i % 2);
    }
    bind("alice", "wallet", 2);
    Future<Map<String, Map<String, Long>>> counts = admin.counts(plan);
    time.advance(Duration.ofSeconds(1));
    assertThat(counts.result())
        .isEqualTo(Map.of("chat", Map.of("eu", 850L, "us", 850L), "wallet", Map.of("asia", 1L)));
  }

  @Test
  void regionIsDrainedInBatchesWithPausesBetween() {
    for (int i = 0; i < 1200; i++) {
      bind("u" + i, "chat", 0);
      bind("u" + i, "wallet", 0);
    }
    PinDrain drain =
        admin.drain(
            "chat", plan.regions().get(0), plan.regions().get(2), 500, Duration.ofSeconds(3), TTL);
    time.advance(Duration.ofSeconds(1));
    assertThat(drain.progress()).isEqualTo(new PinDrain.Progress(500, 0, 0, false));
    time.advance(Duration.ofSeconds(3));
    assertThat(drain.progress().moved()).isEqualTo(1000);
    time.advance(Duration.ofSeconds(10));
    assertThat(drain.done().result()).isEqualTo(new PinDrain.Progress(1200, 0, 0, true));
    Future<Map<String, Map<String, Long>>> counts = admin.counts(plan);
    time.advance(Duration.ofSeconds(1));
    assertThat(counts.result())
        .isEqualTo(Map.of("chat", Map.of("asia", 1200L), "wallet", Map.of("eu", 1200L)));
  }

  @Test
  void drainStopsAfterTheBatchInFlight() {
    for (int i = 0; i < 1200; i++) {
      bind("u" + i, "chat", 0);
    }
    PinDrain drain =
        admin.drain(
            null, plan.regions().get(0), plan.regions().get(1), 100, Duration.ofSeconds(3), TTL);
    time.advance(Duration.ofSeconds(1));
    drain.stop();
    time.advance(Duration.ofMinutes(5));
    assertThat(drain.done().result()).isEqualTo(new PinDrain.Progress(100, 0, 0, true));
  }
}
