package app.avalo.gateway.deadline;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** The wheel against a list, in virtual time. */
class DeadlineWheelTest {
  private static final long TICK = 10_000_000;

  private final VirtualTime time = new VirtualTime();
  private final DeadlineWheel wheel = new DeadlineWheel(time, time);

  private final class Probe extends Deadline {
    private long dueNanos = -1; // -1 while not set
    private int early;
    private int late;
    private int expired;

    void set(long due) {
      dueNanos = due;
      wheel.set(this, due);
    }

    void cancel() {
      dueNanos = -1;
      wheel.cancel(this);
    }

    @Override
    protected void expired() {
      expired++;
      early += dueNanos < 0 || time.nanos() < dueNanos ? 1 : 0;
      late += dueNanos >= 0 && time.nanos() - dueNanos >= 2 * TICK ? 1 : 0;
      dueNanos = -1;
    }
  }

  @Property(tries = 300)
  void nothing_expires_early_twice_or_two_ticks_late(@ForAll long seed) {
    Random random = new Random(seed);
    List<Probe> probes = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      probes.add(new Probe());
    }
    for (int step = 0; step < 400; step++) {
      Probe probe = probes.get(random.nextInt(probes.size()));
      switch (random.nextInt(4)) {
        case 0 -> probe.cancel();
        case 1 -> time.advance(Duration.ofNanos(random.nextInt(30_000_000)));
        default ->
            probe.set(time.nanos() + (long) (random.nextDouble() * random.nextDouble() * 3e10));
      }
      for (Probe each : probes) {
        assertThat(each.dueNanos < 0 || time.nanos() - each.dueNanos < 2 * TICK).isTrue();
      }
    }
    time.advance(Duration.ofSeconds(31));
    for (Probe probe : probes) {
      assertThat(probe.early).as("early, seed " + seed).isZero();
      assertThat(probe.late).as("late, seed " + seed).isZero();
      assertThat(probe.dueNanos).as("never, seed " + seed).isEqualTo(-1);
    }
  }

  @Test
  void a_time_in_the_past_expires_with_the_next_tick() {
    time.advance(Duration.ofSeconds(1));
    Probe probe = new Probe();
    probe.set(0);
    assertThat(probe.expired).isZero();
    time.advance(Duration.ofMillis(20));
    assertThat(probe.expired).isEqualTo(1);
  }

  @Test
  void after_a_pause_of_the_loop_one_turn_is_let_pass_before_anything_expires() {
    long[] skew = new long[1];
    Ticker paused =
        new Ticker() {
          @Override
          public long nanos() {
            return time.nanos() + skew[0];
          }

          @Override
          public long epochMillis() {
            return 0;
          }
        };
    DeadlineWheel own = new DeadlineWheel(paused, time);
    int[] expired = new int[1];
    Deadline deadline =
        new Deadline() {
          @Override
          protected void expired() {
            expired[0]++;
          }
        };
    own.set(deadline, paused.nanos() + 5 * TICK);
    skew[0] = 5_000_000_000L;
    time.advance(Duration.ofMillis(10));
    assertThat(expired[0]).isZero();
    time.advance(Duration.ofMillis(10));
    assertThat(expired[0]).isEqualTo(1);
  }

  @Test
  void a_deadline_that_fails_does_not_stop_the_others() {
    Deadline broken =
        new Deadline() {
          @Override
          protected void expired() {
            throw new IllegalStateException("on purpose");
          }
        };
    Probe probe = new Probe();
    wheel.set(broken, 1);
    probe.set(3 * TICK);
    time.advance(Duration.ofMillis(100));
    assertThat(probe.expired).isEqualTo(1);
  }

  @Test
  void deadlines_that_set_and_cancel_each_other_while_expiring_are_safe() {
    Probe victim = new Probe();
    Probe again = new Probe();
    Deadline meddler =
        new Deadline() {
          @Override
          protected void expired() {
            victim.cancel();
            again.set(time.nanos() + TICK);
          }
        };
    victim.set(TICK);
    again.set(TICK);
    wheel.set(meddler, TICK);
    time.advance(Duration.ofMillis(100));
    assertThat(victim.expired).isZero();
    assertThat(again.expired).isEqualTo(1);
  }
}
