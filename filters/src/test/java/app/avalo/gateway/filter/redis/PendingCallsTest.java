package app.avalo.gateway.filter.redis;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Promise;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.SimpleStringType;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PendingCallsTest {
  private static final Response PONG = SimpleStringType.create("PONG");

  private final VirtualTime time = new VirtualTime();
  private final List<PendingCall<Response>> late = new ArrayList<>();
  private final PendingCalls<Response> calls =
      new PendingCalls<>(Duration.ofMillis(20), time, time, late::add);

  @Test
  void aCallFailsWhenItsDeadlinePasses() {
    Promise<Response> asker = Promise.promise();
    PendingCall<Response> call = calls.start(asker);

    time.advance(Duration.ofMillis(19));
    assertThat(call.settled()).isFalse();
    time.advance(Duration.ofMillis(1));

    assertThat(asker.future().failed()).isTrue();
    assertThat(late).containsExactly(call);
  }

  @Test
  void anAnswerInTimeSettlesForGood() {
    Promise<Response> asker = Promise.promise();
    PendingCall<Response> call = calls.start(asker);

    assertThat(call.answer(PONG)).isTrue();
    time.advance(Duration.ofSeconds(1));

    assertThat(asker.future().result()).isSameAs(PONG);
    assertThat(call.answer(PONG)).isFalse();
    assertThat(late).isEmpty();
  }

  @Test
  void aLoopThatStoodStillLooksOnceAtWhatHasComeBeforeItGivesUp() {
    Deque<Runnable> timers = new ArrayDeque<>();
    PendingCalls<Response> held =
        new PendingCalls<>(
            Duration.ofMillis(20),
            time,
            (delay, task) -> {
              timers.add(task);
              return () -> timers.remove(task);
            },
            late::add);
    Promise<Response> asker = Promise.promise();
    PendingCall<Response> answered = held.start(asker);
    PendingCall<Response> silent = held.start(Promise.promise());

    time.advance(Duration.ofMillis(35));
    timers.remove().run();

    assertThat(late).isEmpty();
    assertThat(answered.answer(PONG)).isTrue();
    time.advance(Duration.ofMillis(1));
    timers.remove().run();
    assertThat(asker.future().succeeded()).isTrue();
    assertThat(late).containsExactly(silent);
  }

  @Test
  void everyCallWaitsItsOwnTimeHoweverTheyInterleave() {
    Random random = new Random(7);
    List<PendingCall<Response>> waiting = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      PendingCall<Response> call = calls.start(Promise.promise());
      if (random.nextInt(3) == 0) {
        call.answer(PONG);
      } else {
        waiting.add(call);
      }
      time.advance(Duration.ofNanos(random.nextInt(3_000_000)));
      for (PendingCall<Response> each : waiting) {
        if (each.settled()) {
          assertThat(each.dueNanos() - 1_000_000).as("1 ms early").isLessThan(time.nanos());
        } else {
          assertThat(each.dueNanos()).as("never late").isGreaterThan(time.nanos());
        }
      }
    }
    time.advance(Duration.ofMillis(21));
    assertThat(late).containsExactlyElementsOf(waiting);
  }
}
