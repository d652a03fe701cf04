package app.avalo.gateway.filter.pin;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.pin.keep.Order;
import app.avalo.gateway.filter.pin.store.LocalHomeStore;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PinAdminTest {
  private static final Duration TTL = Duration.ofDays(30);
  private final VirtualTime time = new VirtualTime();
  private final LocalHomeStore homes = LocalHomeStore.inMemory(time);
  private final KeptGroup map = new KeptGroup(time);
  private final PinAdmin admin = new PinAdmin(homes, group -> map, time);
  private final Plan plan = PinFixture.plan();

  private void bind(String user, String group, int region) {
    homes.claim(PinIdentity.user(user).key(group), region, TTL);
  }

  @Test
  void userIsFoundInAllGroups() {
    bind("alice", "chat", 0);
    bind("alice", "wallet", 1);
    assertThat(admin.find(PinIdentity.user("alice"), plan).result())
        .extracting(where -> where.group() + " at " + where.owner().region())
        .containsExactly("chat at 0", "wallet at 1");
    assertThat(admin.find(PinIdentity.user("bob"), plan).result()).isEmpty();
  }

  @Test
  void usersAreCountedWhereTheMapHasThem() {
    for (int i = 0; i < 1700; i++) {
      bind("u" + i, "chat", i % 2);
    }
    map.order(Order.giveUp(1, 2, "test"));
    time.advance(Duration.ofSeconds(3));
    Future<Map<String, Map<String, Long>>> counts = admin.counts(plan);
    time.advance(Duration.ofSeconds(1));
    assertThat(counts.result()).isEqualTo(Map.of("chat", Map.of("eu", 850L, "asia", 850L)));
  }
}
