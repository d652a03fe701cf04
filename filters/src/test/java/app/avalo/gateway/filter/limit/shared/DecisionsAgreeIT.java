package app.avalo.gateway.filter.limit.shared;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The script, the table and Bucket4j are three words for one thing. */
class DecisionsAgreeIT {
  @Test
  void theScriptTheTableAndBucket4jDecideAlike() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisLink redis = loop.link(server, Duration.ofSeconds(5));

      long[] counts = Ops.compare(loop, redis, 60_000, 42);

      assertThat(counts[0]).as("disagreements").isZero();
      assertThat(counts[1]).as("allowed").isGreaterThan(10_000);
      assertThat(counts[2]).as("refused").isGreaterThan(10_000);
    }
  }
}
