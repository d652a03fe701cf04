package app.avalo.gateway.filter.pin.cell;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.pin.cell.MapStore.Outcome;
import app.avalo.gateway.filter.pin.cell.MapStore.Reading;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The register in a real Redis answers as the one in memory, and each life is told apart. */
class RedisMapStoreIT {
  private static RedisServer server;
  private static Loop loop;
  private static RedisLink link;

  private RedisMapStore store;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
    loop = new Loop();
    link = loop.link(server);
  }

  @AfterAll
  static void stop() {
    loop.close();
    server.close();
  }

  @BeforeEach
  void fresh() {
    store = new RedisMapStore(link, "t", "wallet");
  }

  @AfterEach
  void leaveNothing() throws IOException {
    server.command("FLUSHALL");
  }

  private static <T> T answered(Consumer<Consumer<T>> call) {
    return loop.await(
        () -> {
          Promise<T> promise = Promise.promise();
          call.accept(promise::complete);
          Future<T> future = promise.future();
          return future;
        });
  }

  private Reading beat(String gateway, String word, Stamp known) {
    return answered(answer -> store.beat(gateway, word, known, answer::accept));
  }

  private Outcome commit(Stamp expected, long version, Map<String, String> fields, String note) {
    return answered(answer -> store.commit(expected, version, fields, note, answer::accept));
  }

  @Test
  void redisAnswersAnyCallsAsTheRegisterInMemory() {
    Random random = new Random(7);
    Stamp first = beat("g0", "w", Stamp.NONE).stamp();
    Register register = new Register(first.incarnation());
    register.beat("g0", "w", Stamp.NONE);
    for (int i = 0; i < 300; i++) {
      Stamp now = register.stamp();
      long aim = now.version() + random.nextInt(4) - 1;
      Stamp expected = random.nextInt(4) == 0 ? new Stamp("other", now.version()) : now;
      if (random.nextBoolean()) {
        Map<String, String> fields = new TreeMap<>();
        for (int f = random.nextInt(4); f >= 0; f--) {
          fields.put("c:0:" + random.nextInt(6), "x" + i);
        }
        assertThat(commit(expected, aim, fields, "note " + i))
            .isEqualTo(register.commit(expected, aim, fields, "note " + i));
      } else {
        Stamp known =
            new Stamp(expected.incarnation(), Math.max(0, now.version() + 1 - random.nextInt(5)));
        String gateway = "g" + random.nextInt(3);
        assertThat(beat(gateway, "w|" + i, known))
            .isEqualTo(register.beat(gateway, "w|" + i, known));
      }
    }
    List<String> notes = answered(answer -> store.history(20, answer::accept));
    assertThat(notes).isEqualTo(register.history(20));
  }

  @Test
  void aRedisThatWasEmptiedIsAnotherLife() throws IOException {
    Stamp before = beat("g0", "w", Stamp.NONE).stamp();
    commit(before, 9, Map.of("f", "9|true"), "note");

    server.command("FLUSHALL");

    Reading after = beat("g0", "w", new Stamp(before.incarnation(), 9));
    assertThat(after.stamp().incarnation()).isNotEqualTo(before.incarnation());
    assertThat(after.whole()).isTrue();
    assertThat(commit(new Stamp(before.incarnation(), 9), 10, Map.of(), "late"))
        .isEqualTo(Outcome.CONFLICT);
  }

  @Test
  void theBoardForgetsWhoWasSilentLongest() {
    for (int i = 0; i < MapStore.MOST_GATEWAYS + 6; i++) {
      beat("g" + i, "w", Stamp.NONE);
    }

    Map<String, String> board = beat("last", "w", Stamp.NONE).board();

    assertThat(board).hasSize(MapStore.MOST_GATEWAYS).containsKey("last");
  }

  @Test
  void aWholeRegionIsOneCommit() {
    Stamp first = beat("g0", "w", Stamp.NONE).stamp();
    Map<String, String> fields = new TreeMap<>();
    for (int home = 0; home < 8; home++) {
      for (int cell = 0; cell < CellKey.CELLS; cell++) {
        fields.put("c:" + home + ":" + cell, "131072|2|-1");
      }
    }

    Outcome outcome = commit(first, 2, fields, "everybody");

    assertThat(outcome).isEqualTo(Outcome.DONE);
    assertThat(beat("g0", "w", first).fields()).isEqualTo(fields);
  }
}
