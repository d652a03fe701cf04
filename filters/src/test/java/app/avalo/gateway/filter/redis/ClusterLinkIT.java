package app.avalo.gateway.filter.redis;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.redis.client.impl.ZModem;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What callers see of a cluster whose nodes fall silent, die and pass slots on. */
class ClusterLinkIT {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration DEADLINE = Duration.ofMillis(500);
  private static final Script ADD =
      Script.of("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])");

  private static List<RedisServer> three;

  private final Loop loop = new Loop();
  private RedisLink link;

  @BeforeAll
  static void start() {
    three = RedisServer.cluster(3);
  }

  @AfterAll
  static void stop() {
    three.forEach(RedisServer::close);
  }

  @AfterEach
  void close() {
    loop.run(link::close);
    loop.close();
  }

  private void connect(List<RedisServer> nodes) {
    loop.until(PATIENCE, () -> nodes.stream().allMatch(node -> node.serves(nodes.size())));
    // The others are found out.
    List<String> first = List.of(nodes.get(0).url());
    StateConfig.Redis config =
        new StateConfig.Redis(StateConfig.Mode.CLUSTER, first, null, null, DEADLINE, "t", 1);
    link = loop.get(() -> RedisLink.connect(loop.vertx(), config, Ticker.SYSTEM));
    loop.until(PATIENCE, link::isUp);
  }

  /** How calls ended that went out meanwhile, in an even stream. */
  private final class Stream {
    private final String tag;
    int answered;
    int failed;
    boolean lastAnswered;

    Stream(int node) {
      this.tag = tagOf("stream", node);
      loop.run(() -> loop.vertx().setPeriodic(4, tick -> call()));
    }

    private void call() {
      link.send(ADD, List.of("{" + tag + "}"), List.of("1"))
          .onComplete(
              (answer, failure) -> {
                lastAnswered = failure == null;
                answered += lastAnswered ? 1 : 0;
                failed += lastAnswered ? 0 : 1;
              });
    }
  }

  /** A tag whose slot one of three nodes has at first. */
  private static String tagOf(String prefix, int node) {
    for (int i = 0; ; i++) {
      if (ZModem.generate(prefix + i) * 3 / 16_384 == node) {
        return prefix + i;
      }
    }
  }

  @Test
  void aSilentNodeTakesAwayItsOwnKeysOnly() {
    connect(three);
    Stream healthy = new Stream(0);
    Stream silent = new Stream(2);
    loop.until(PATIENCE, () -> healthy.answered > 10 && silent.answered > 10);

    three.get(2).stop();
    int before = loop.get(() -> healthy.answered);
    loop.until(PATIENCE, () -> healthy.answered >= before + 600 || !link.isUp());

    assertThat(loop.get(link::isUp)).isTrue();
    assertThat(healthy.failed).isZero();
    assertThat(silent.lastAnswered).isFalse();
    assertThat(link.stats().up()).as("told to whoever watches").isFalse();
    assertThat(link.stats().reconnects()).isZero();
    three.get(2).cont();
    loop.until(PATIENCE, () -> silent.lastAnswered && link.stats().up());
  }

  @Test
  void aReplicaTakesThePlaceOfAKilledNodeWhileTheOthersGoOn() {
    String[] flags = {
      "--cluster-node-timeout", "600",
      "--cluster-require-full-coverage", "no",
      "--repl-diskless-sync-delay", "0"
    };
    List<RedisServer> nodes = new ArrayList<>(RedisServer.cluster(3, flags));
    nodes.add(nodes.get(2).clusterReplica(flags));
    connect(nodes);
    Stream healthy = new Stream(0);
    Stream orphaned = new Stream(2);
    loop.until(PATIENCE, () -> healthy.answered > 10 && orphaned.answered > 10);

    nodes.get(2).kill();
    loop.until(PATIENCE, () -> !orphaned.lastAnswered);
    loop.until(PATIENCE, () -> orphaned.lastAnswered);

    assertThat(healthy.failed).isZero();
    assertThat(loop.get(link::isUp)).isTrue();
    loop.until(PATIENCE, () -> link.stats().up());
    nodes.forEach(RedisServer::close);
  }

  @Test
  void aCallThatIsSentElsewhereGoesThereOnce() throws IOException {
    connect(three);
    String tag = tagOf("moving", 2);
    int slot = ZModem.generate(tag);
    String from = three.get(2).command("CLUSTER MYID");
    String to = three.get(1).command("CLUSTER MYID");

    // For this call only, as the key is not there any more.
    three.get(1).command("CLUSTER SETSLOT " + slot + " IMPORTING " + from);
    three.get(2).command("CLUSTER SETSLOT " + slot + " MIGRATING " + to);
    assertThat(add(tag)).isEqualTo(1);
    // For good.
    three.get(1).command("CLUSTER SETSLOT " + slot + " NODE " + to);
    three.get(2).command("CLUSTER SETSLOT " + slot + " NODE " + to);
    assertThat(add(tag)).isEqualTo(2);

    assertThat(three.get(1).command("CLUSTER COUNTKEYSINSLOT " + slot)).isEqualTo(":1");
    assertThat(link.stats().errors()).isZero();
  }

  @Test
  void keysThatHaveGoneToANewMasterAreFoundThereBeforeItHasASlot() throws IOException {
    List<RedisServer> nodes = new ArrayList<>(RedisServer.cluster(3));
    connect(nodes);
    RedisServer fresh = nodes.get(0).clusterMaster();
    nodes.add(fresh);
    loop.until(PATIENCE, () -> nodes.stream().allMatch(node -> node.serves(4)));
    String tag = tagOf("moving", 2);
    int slot = ZModem.generate(tag);
    String from = nodes.get(2).command("CLUSTER MYID");
    fresh.command("CLUSTER SETSLOT " + slot + " IMPORTING " + from);
    nodes.get(2).command("CLUSTER SETSLOT " + slot + " MIGRATING " + fresh.command("CLUSTER MYID"));

    int[] answered = new int[1];
    loop.run(
        () ->
            loop.vertx()
                .setPeriodic(
                    4,
                    tick ->
                        link.send(ADD, List.of("{" + tag + "}"), List.of("1"))
                            .onSuccess(answer -> answered[0]++)));
    loop.until(PATIENCE, () -> answered[0] > 0);
    // Long enough for the others to be asked, twice, who has which slots.
    int before = loop.get(() -> (int) link.stats().errors());
    loop.until(PATIENCE, () -> answered[0] > 600);

    assertThat(link.stats().errors()).as("calls of nobody").isEqualTo(before);
    assertThat(fresh.command("CLUSTER COUNTKEYSINSLOT " + slot)).isEqualTo(":1");
    nodes.forEach(RedisServer::close);
  }

  private long add(String tag) {
    return loop.await(() -> link.run(ADD, List.of("{" + tag + "}"), List.of("1"))).toLong();
  }
}
