package app.avalo.gateway.filter.pin;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.pin.store.Epoch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Epochs of one user over replicas whose stores lose everything now and then. The replicas share no
 * store, which is a loss of every write of the others; the cookie is all that ties them together.
 */
class PinEpochTest {
  private static final List<String> REGIONS = List.of("eu", "us", "asia");

  @Test
  void epochsOfAUserStrictlyIncreaseWhateverTheStoresForget() {
    for (int round = 0; round < 50; round++) {
      long seed = new Random().nextLong();
      replay(new Random(seed), seed);
    }
  }

  private static void replay(Random random, long seed) {
    PinFixture[] replicas = {new PinFixture(), new PinFixture(), new PinFixture()};
    Map<Long, String> regionOf = new HashMap<>();
    String cookie = null;
    long last = 0;
    for (int step = 0; step < 60; step++) {
      int at = random.nextInt(replicas.length);
      if (random.nextInt(5) == 0) {
        replicas[at] = new PinFixture();
      }
      PinFixture gateway = replicas[at];
      PinFixture.Client client = gateway.new Client("alice");
      client.cookie = cookie;
      int route = PinFixture.WALLET;
      Exchange exchange = gateway.placed(client.asks(route).live(), "eu", "us", "asia");
      assertThat(Outcome.of(gateway.filter, exchange).proceeded()).isTrue();
      long before = exchange.pin().epoch();
      assertThat(before).as("seed %d step %d", seed, step).isGreaterThanOrEqualTo(last);
      if (random.nextInt(3) == 0) {
        String to = REGIONS.get(random.nextInt(REGIONS.size()));
        boolean elsewhere = !exchange.pin().region().name().equals(to);
        exchange.pin(exchange.pin().moveTo(gateway.region(to)).result());
        if (elsewhere) {
          assertThat(Epoch.counter(exchange.pin().epoch()))
              .as("seed %d step %d", seed, step)
              .isGreaterThan(Epoch.counter(before));
        }
      }
      last = client.answered(exchange).epoch();
      cookie = client.cookie;
      String region = exchange.pin().region().name();
      assertThat(regionOf.merge(last, region, (old, now) -> old))
          .as("seed %d step %d: one region per epoch", seed, step)
          .isEqualTo(region);
    }
  }
}
