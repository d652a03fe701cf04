package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.limit.Limits.Callers;
import app.avalo.gateway.filter.limit.Limits.Purpose;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.time.VirtualTime;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What all loops of a process share. */
class LimitsTest {
  @Test
  void tiersThatTokensNameFillNoMoreThanTheRoom() {
    Limits limits = new Limits(new VirtualTime(), 1, new Room(64 * 1024));
    LimitFilter filter = new LimitFilter(limits, null, "avalo");
    Plan plan = Policies.plan(Policies.named("calls").key(KeyPart.TIER).of(perMinute(5)).build());

    for (int i = 0; i < 20_000; i++) {
      Caller caller = new Caller("alice", null, "tier" + i, Set.of());
      Outcome.of(filter, Exchanges.on(plan).caller(caller).live());
    }

    assertThat(limits.localBuckets()).isLessThan(64 * 1024 / 16);
  }

  @Test
  void allLoopsUseOneTableWhenAKeyComesToHaveManyValues() throws Exception {
    Shape shape = Shape.of(Policies.all(perMinute(5)));
    ExecutorService loops = Executors.newFixedThreadPool(4);
    try {
      for (int round = 0; round < 300; round++) {
        Limits limits = new Limits(new VirtualTime(), 1);
        limits.few("calls", Callers.of(""));
        CyclicBarrier together = new CyclicBarrier(4);
        Callable<CompactBuckets> loop =
            () -> {
              together.await();
              return limits.many("calls", Callers.of(""), Purpose.BUCKETS, shape);
            };

        Set<CompactBuckets> tables = new HashSet<>();
        for (Future<CompactBuckets> each : loops.invokeAll(List.of(loop, loop, loop, loop))) {
          tables.add(each.get());
        }

        assertThat(tables).as("round %s", round).hasSize(1);
      }
    } finally {
      loops.shutdownNow();
    }
  }
}
