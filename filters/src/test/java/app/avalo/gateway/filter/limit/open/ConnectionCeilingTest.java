package app.avalo.gateway.filter.limit.open;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.config.ServiceConfig.WebSocket;
import app.avalo.gateway.config.unit.Rate;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Full;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Place;
import app.avalo.gateway.filter.limit.open.ConnectionCeiling.Verdict;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConnectionCeilingTest {
  private static final Rate TEN = new Rate(10, Duration.ofSeconds(1));

  private final ConnectionCeiling ceiling = new ConnectionCeiling();

  private Verdict open(String service, @Nullable String user, int most, int mostOfUser) {
    return open(service, user, most, mostOfUser, TEN);
  }

  private Verdict open(
      String service, @Nullable String user, int most, int mostOfUser, Rate messages) {
    WebSocket bounds = new WebSocket(most, mostOfUser, TEN, messages, 0, Duration.ofMinutes(5));
    return ceiling.tryAcquire(service, user, bounds, 0);
  }

  @Test
  void asManyAsTheCeilingMayBeOpenPerService() {
    Verdict first = open("chat", null, 2, 1);
    assertThat(open("chat", null, 2, 1)).isInstanceOf(Place.class);
    assertThat(open("chat", null, 2, 1)).isEqualTo(Full.OF_SERVICE);
    assertThat(open("calls", null, 2, 1)).isInstanceOf(Place.class);

    ((Place) first).release();

    assertThat(open("chat", null, 2, 1)).isInstanceOf(Place.class);
    assertThat(ceiling.open()).containsEntry("chat", 2).containsEntry("calls", 1);
  }

  @Test
  void aLowerCeilingHoldsForNewOnesAtOnce() {
    open("chat", "maria", 5, 5);
    open("chat", "maria", 5, 5);

    assertThat(open("chat", "maria", 1, 5)).isEqualTo(Full.OF_SERVICE);
    assertThat(open("chat", "maria", 5, 2)).isEqualTo(Full.OF_USER);
  }

  @Test
  void aUserHasAShareOfEachServiceThatNobodyElseUses() {
    Verdict first = open("chat", "maria", 10, 2);
    open("chat", "maria", 10, 2);

    assertThat(open("chat", "maria", 10, 2)).isEqualTo(Full.OF_USER);
    assertThat(open("chat", "jan", 10, 2)).isInstanceOf(Place.class);
    assertThat(open("calls", "maria", 10, 2)).isInstanceOf(Place.class);
    assertThat(ceiling.open()).as("a refused one leaves no trace").containsEntry("chat", 3);

    ((Place) first).release();

    assertThat(open("chat", "maria", 10, 2)).isInstanceOf(Place.class);
  }

  @Test
  void nothingIsKeptOfUsersWhoLeft() {
    for (int i = 0; i < 100; i++) {
      ((Place) open("chat", "user-" + i, 10, 2)).release();
    }

    assertThat(ceiling.users()).isZero();
  }

  @Test
  void theMessagesOfAUserAreOfAllTheUsersWebSockets() {
    Place one = (Place) open("chat", "maria", 10, 2);
    Place other = (Place) open("chat", "maria", 10, 2);
    Place jans = (Place) open("chat", "jan", 10, 2);
    Place nobodys = (Place) open("chat", null, 10, 2);

    assertThat(one.take(9, 0)).isZero();
    assertThat(other.take(10, 0)).isEqualTo(TimeUnit.SECONDS.toNanos(1));
    assertThat(jans.take(9, 0)).isZero();
    assertThat(nobodys.take(1000, 0)).isZero();
  }

  @Test
  void anotherRateOfMessagesHoldsOnceTheUserOpensTheNextAndGoesOnAsFull() {
    Place one = (Place) open("chat", "maria", 10, 9, TEN);
    assertThat(one.take(5, 0)).as("half").isZero();

    open("chat", "maria", 10, 9, new Rate(4, Duration.ofSeconds(1)));
    assertThat(one.take(1, 0)).as("half of four, less one").isZero();
    assertThat(one.take(1, 0)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(250));

    open("chat", "maria", 10, 9, new Rate(400, Duration.ofSeconds(1)));
    assertThat(one.take(1, 0)).as("none is left").isPositive();
  }

  @Test
  void aReleaseTooManyIsABugThatShows() {
    Place place = (Place) open("chat", null, 1, 1);
    place.release();

    assertThatThrownBy(place::release).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void threadsNeverExceedItTogether() throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger acquired = new AtomicInteger();
    for (int t = 0; t < 4; t++) {
      String user = t % 2 == 0 ? "maria" : null;
      threads.submit(
          () -> {
            go.await();
            for (int i = 0; i < 1000; i++) {
              acquired.addAndGet(open("chat", user, 700, 300) instanceof Place ? 1 : 0);
            }
            return null;
          });
    }
    go.countDown();
    threads.shutdown();

    assertThat(threads.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    // Who was refused for its user held a place for a moment, which another may have missed.
    while (acquired.get() <= 700 && open("chat", null, 700, 300) instanceof Place) {
      acquired.incrementAndGet();
    }
    assertThat(acquired).hasValue(700);
  }
}
