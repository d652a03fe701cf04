package app.avalo.gateway.filter.limit.override;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A Redis that has lost what operators ordered hears it again from those who know. */
class ForgottenOverridesIT {
  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private final RedisLink link = loop.link(server);
  private final RedisOverrides one = new RedisOverrides(link, "t");
  private final RedisOverrides other = new RedisOverrides(link, "t");
  private final long until = Ticker.SYSTEM.epochMillis() + 60_000;

  @AfterEach
  void close() {
    loop.close();
    server.close();
  }

  private LimitOverride order(String subject, String rates) {
    var allowance = Objects.requireNonNull(LimitOverride.rates(rates));
    return new LimitOverride("calls", subject, allowance, "olaf", "a sale", until);
  }

  private List<LimitOverride> put(RedisOverrides store, String subject, String rates) {
    return loop.await(() -> store.put(order(subject, rates)));
  }

  private List<LimitOverride> look(RedisOverrides store) {
    return loop.await(store::all);
  }

  @Test
  void whatHeldHoldsOnAtEveryGateway() throws IOException {
    put(one, "u=alice", "10/s");
    put(one, "k=shop", "20/s");
    look(other);

    server.command("FLUSHALL");

    assertThat(look(other)).hasSize(2);
    assertThat(look(new RedisOverrides(link, "t")))
        .as("one that has just started")
        .containsExactlyInAnyOrder(order("u=alice", "10/s"), order("k=shop", "20/s"));
  }

  @Test
  void anOrderToARedisThatHasForgottenEndsNoOther() throws IOException {
    put(one, "u=alice", "10/s");

    server.command("FLUSHALL");

    assertThat(put(one, "u=bob", "5/s")).hasSize(2);
    assertThat(look(other)).hasSize(2);
  }

  @Test
  void theLastWordAboutACallerCountsWhoeverSaysItAgainFirst() throws IOException {
    put(one, "u=alice", "10/s");
    put(one, "u=bob", "10/s");
    put(one, "u=carol", "10/s");
    look(other);
    put(one, "u=alice", "30/s");
    loop.await(() -> one.remove("calls", "u=bob"));

    server.command("FLUSHALL");
    assertThat(look(other)).as("all it knows").hasSize(3);
    put(other, "u=carol", "40/s");
    look(one);

    for (RedisOverrides each : List.of(other, one, new RedisOverrides(link, "t"))) {
      assertThat(look(each))
          .containsExactlyInAnyOrder(order("u=alice", "30/s"), order("u=carol", "40/s"));
    }
  }

  @Test
  void whoIsEndedAndOrderedAnewHolds() {
    put(one, "u=alice", "10/s");
    look(other);
    assertThat(loop.await(() -> one.remove("calls", "u=alice"))).isEmpty();
    assertThat(look(other)).as("nobody says it again").isEmpty();

    assertThat(put(other, "u=alice", "20/s")).containsExactly(order("u=alice", "20/s"));
    assertThat(look(one)).containsExactly(order("u=alice", "20/s"));
  }

  @Test
  void endedOrdersTakeNoOthersPlaceAndFillNoMemory() throws IOException {
    String ended = "'" + until + " {\\\"at\\\":' .. i .. '}'";
    server.command(
        "EVAL \"for i = 1, 1000 do redis.call('HSET', KEYS[1], 'calls u=' .. i, "
            + ended
            + ") end\" 1 t:limit-overrides:{all}");
    assertThat(look(other)).isEmpty();
    put(one, "u=alice", "10/s");
    loop.await(() -> one.remove("calls", "u=alice"));

    assertThat(server.command("HLEN t:limit-overrides:{all}")).contains("" + Overrides.MOST);
    assertThat(look(one)).isEmpty();
  }
}
