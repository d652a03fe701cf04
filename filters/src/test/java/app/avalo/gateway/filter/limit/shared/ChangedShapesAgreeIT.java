package app.avalo.gateway.filter.limit.shared;

import static app.avalo.gateway.filter.limit.Policies.per;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The scripts and the table know a band again by the same rule, whatever comes and goes. */
class ChangedShapesAgreeIT {
  private static final long START_MICROS = 1_795_219_200_000_000L;
  private static final List<Duration> PERIODS =
      List.of(
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          Duration.ofMinutes(1),
          Duration.ofHours(1),
          Duration.ofDays(1));

  private final VirtualTime time = new VirtualTime();
  private final Random random = new Random(7);
  private final BucketKey key = BucketKey.parse(Policies.named("p").build(), "", "u=a");
  private final Reading reading = new Reading();
  private long micros = START_MICROS;

  private Shape shape() {
    List<Bandwidth> bandwidths = new ArrayList<>();
    for (Duration period : PERIODS) {
      if (bandwidths.size() < Allowance.MOST && random.nextInt(3) == 0) {
        bandwidths.add(per(1 + random.nextInt(500), period, 5 + random.nextInt(20)));
      }
    }
    return bandwidths.isEmpty() ? shape() : Shape.of(new Allowance(bandwidths));
  }

  private void pause() {
    int pause = random.nextInt(3) == 0 ? random.nextInt(2_000_000_000) : random.nextInt(50_000);
    micros += pause;
    time.advance(Duration.ofNanos(1000L * pause));
  }

  @Test
  void theScriptsAndTheTableKeepTheSameLevels() {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisLink redis = loop.link(server, Duration.ofSeconds(5));
      int granted = 0;
      CompactBuckets table = new CompactBuckets(shape(), time, new Room(1 << 20));
      Shape shape = shape();
      for (int i = 1; i <= 600; i++) {
        pause();
        long tokens = 1 + random.nextInt(5);

        BucketCall exact = new BucketCall(redis, "t", shape);
        List<String> take = exact.arguments("" + micros, "", List.of(BucketCall.Wish.only(tokens)));
        BucketCall.Grant one =
            exact
                .grants(loop.await(() -> redis.run(Scripts.BUCKET, List.of("t:rl:{a}"), take)))
                .get(0);
        LeaseCall leased = new LeaseCall(redis, "t", shape, 0);
        List<String> ask =
            leased.arguments(
                "" + micros, "me", new LeaseCall.Wish(0, 0, tokens, tokens, 0, 0, 0, 0, i), null);
        LeaseCall.Grant other =
            leased.grant(loop.await(() -> redis.run(Scripts.LEASE, List.of("t:ll:{a}"), ask)));
        boolean allowed = table.take(key, shape, tokens, reading);

        long[] missing = new long[shape.bands()];
        table.noted(key, shape, missing);
        assertThat(one.tokens()).as("round %s", i).isEqualTo(allowed ? tokens : 0);
        assertThat(other.spent()).as("round %s", i).isEqualTo(allowed ? tokens : 0);
        assertThat(one.missing()).as("round %s: %s", i, shape).isEqualTo(missing);
        assertThat(other.missing()).as("round %s: %s", i, shape).isEqualTo(missing);
        if (allowed) { // a refusal writes nothing to Redis, not even that the shape is another
          granted++;
          shape = shape();
        }
      }
      assertThat(granted).isBetween(100, 500);
    }
  }
}
