package app.avalo.gateway.filter.latency;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.latency.LatencyModel.Trust;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.VirtualTime;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What one replica learns the others know, through a real Redis. */
class LatencyShareIT {
  private static RedisServer server;
  private static Loop loop;
  private static RedisLink link;

  private final VirtualTime time = new VirtualTime();
  private final World world = World.named(1);
  private final Vantage from = world.vantage(world.cities().get(0));

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

  @AfterEach
  void leaveNothing() throws IOException {
    server.command("FLUSHALL");
  }

  private final class Replica {
    final LatencyModel model = new LatencyModel(8, time);
    final LatencyShare share = new LatencyShare(model, link, "t");

    void exchange() {
      loop.await(share::exchange);
    }

    int samples(int region) {
      return model.ownSamples(from, region);
    }

    void measured(int region, float millis) {
      model.sample(from, region, millis, Trust.REPORTED);
    }
  }

  @Test
  void aPairThatOneReplicaLearnedIsKnownToTheOthers() {
    Replica one = new Replica();
    Replica other = new Replica();
    one.measured(2, 80);
    one.exchange();
    other.exchange();
    assertThat(other.samples(2)).isEqualTo(1);
    assertThat(other.model.pairs()).isEqualTo(one.model.pairs());
  }

  @Test
  void newerSamplesReplaceOlderOnesAndNotTheOtherWayRound() {
    Replica one = new Replica();
    Replica other = new Replica();
    one.measured(2, 80);
    time.advance(Duration.ofMinutes(5));
    other.measured(2, 50);
    other.measured(2, 50);
    one.exchange();
    other.exchange();
    one.exchange();
    assertThat(other.samples(2)).isEqualTo(2);
    assertThat(one.samples(2)).isEqualTo(2);
  }

  @Test
  void whatCameFromOthersIsNotSentBack() throws IOException {
    Replica one = new Replica();
    Replica other = new Replica();
    one.measured(2, 80);
    one.exchange();
    String after = server.command("XLEN t:latency2:{all}");
    for (int i = 0; i < 5; i++) {
      other.exchange();
      one.exchange();
    }
    assertThat(server.command("XLEN t:latency2:{all}")).isEqualTo(after);
  }

  @Test
  void anEntryThatNobodyCanReadHarmsNobody() throws IOException {
    Replica one = new Replica();
    server.command("XADD t:latency2:{all} * p zz");
    server.command("XADD t:latency2:{all} * p " + "00".repeat(500));
    one.exchange();
    assertThat(one.model.pairs()).isZero();
  }

  @Test
  void ofMoreThanCanBeToldAtOnceNobodyIsAlwaysLeftOut() {
    Replica one = new Replica();
    Replica other = new Replica();
    for (int minute = 0; minute < 5; minute++) {
      for (int pair = 0; pair < 1_500; pair++) {
        one.model
            .table()
            .add(LatencyModel.key(pair, 0), 10 + minute, one.model.minute(), Level.PREFIX);
      }
      one.exchange();
      time.advance(Duration.ofMinutes(1));
    }
    other.exchange();
    assertThat(other.model.pairs()).isGreaterThan(one.model.pairs() * 8 / 10);
  }
}
