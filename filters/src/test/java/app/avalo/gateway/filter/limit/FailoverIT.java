package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Limits whose Redis dies and is replaced, by Sentinel, by a replica that may lack the last. */
class FailoverIT {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int BURST = 200;

  private final Loop loop = new Loop();
  private final RedisServer master = RedisServer.start("--repl-diskless-sync-delay", "0");
  private final RedisServer replica =
      RedisServer.start(
          "--replicaof", "127.0.0.1", "" + master.port(), "--repl-diskless-sync-delay", "0");
  private final RedisServer sentinel = RedisServer.sentinel("main", master);
  private RedisLink link;

  @AfterEach
  void close() {
    loop.run(link::close);
    loop.close();
    List.of(sentinel, replica, master).forEach(RedisServer::close);
  }

  private static boolean says(RedisServer server, String section, String word) {
    try {
      return server.command("INFO " + section).contains(word);
    } catch (IOException failure) {
      return false;
    }
  }

  /** One policy as one gateway applies it to one user. */
  private final class Gate {
    final Plan plan;
    final LimitFilter filter = new LimitFilter(new Limits(Ticker.SYSTEM, 1), link, "t");
    int passed;
    LimitVerdict last;

    Gate(LimitConfig policy) {
      plan = Policies.plan(policy);
    }

    void ask() {
      Exchange exchange = Exchanges.on(plan).user("alice").live();
      loop.await(
          () ->
              SharedLimitsIT.ask(filter, exchange)
                  .transform((error, failure) -> Future.succeededFuture(error == null)));
      last = exchange.limits().get(0);
      passed += last.allowed() ? 1 : 0;
    }
  }

  @Test
  void whatWasUsedBeforeIsUsedAfterwardsAndBetweenATenthAtMost() {
    loop.until(PATIENCE, () -> says(replica, "replication", "master_link_status:up"));
    loop.until(PATIENCE, () -> says(sentinel, "sentinel", "slaves=1"));
    StateConfig.Redis config =
        new StateConfig.Redis(
            StateConfig.Mode.SENTINEL,
            List.of(sentinel.url()),
            "main",
            null,
            Duration.ofSeconds(1),
            "t",
            1);
    link = loop.get(() -> RedisLink.connect(loop.vertx(), config, Ticker.SYSTEM));
    loop.until(PATIENCE, link::isUp);
    Policies policy = Policies.named("exact").of(Policies.per(BURST, Duration.ofDays(1), BURST));
    Gate exact = new Gate(policy.build());
    Gate leased =
        new Gate(
            Policies.named("leased")
                .of(Policies.per(BURST, Duration.ofDays(1), BURST))
                .leased()
                .build());
    List<Gate> gates = List.of(exact, leased);
    for (int i = 0; i < BURST / 2; i++) {
      gates.forEach(Gate::ask);
    }

    master.kill();
    while (!says(replica, "replication", "role:master") || !link.isUp()) {
      gates.forEach(Gate::ask);
    }
    for (int i = 0; i < BURST; i++) {
      gates.forEach(Gate::ask);
    }

    for (Gate gate : gates) {
      assertThat(gate.last.by()).isIn(LimitVerdict.By.EXACT, LimitVerdict.By.LEASED);
      assertThat(gate.last.allowed()).isFalse();
      // What a share let pass is charged afterwards. Of a leased limit a tenth is for leases only,
      // and what was held of another tenth when the master died has expired.
      assertThat(gate.passed).isBetween(BURST - BURST / 5, BURST + BURST / 10);
    }
  }
}
