package app.avalo.gateway.filter.limit.shared;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Keys, values and lifetimes in Redis outlive a release: replicas of two versions share them. The
 * golden file changes only together with the version at the front of the value, or so that the
 * release before can read it.
 */
class LimitKeysGoldenIT {
  private static final long NOW = 1_795_219_200_000_000L;

  @Test
  void keysValuesAndLifetimesAreThoseOfTheGoldenFile() throws IOException {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisLink link = loop.link(server);
      StringBuilder found = new StringBuilder();

      record(loop, link, server, "", "u=alice", 1, found, perMinute(100));
      record(loop, link, server, "vip", "u=alice|r=chat", 30, found, perMinute(100));
      record(loop, link, server, "", "a=2001:db8::1", 100, found, perMinute(100));
      Bandwidth perSecond = Policies.per(10, Duration.ofSeconds(1), 10);
      record(loop, link, server, "", "k=shop", 4, found, perSecond, perMinute(100));
      recordLease(loop, link, server, found);

      assertThat(found.toString()).isEqualTo(golden());
    }
  }

  @Test
  void whatTheReleaseBeforeWroteIsRead() throws IOException {
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisLink link = loop.link(server);
      Bandwidth perSecond = Policies.per(10, Duration.ofSeconds(1), 10);
      server.command("SET one 1:30000000:60000000:" + NOW);
      server.command("SET two 2:" + NOW + ":600000:1000000:30000000:60000000");

      assertThat(missing(loop, link, "one", perMinute(100))).containsExactly(30_000_000);
      assertThat(missing(loop, link, "two", perSecond, perMinute(100)))
          .containsExactly(400_000, 30_000_000);
    }
  }

  private static long[] missing(Loop loop, RedisLink link, String name, Bandwidth... bandwidths) {
    BucketCall call = new BucketCall(link, "avalo", Shape.of(Policies.all(bandwidths)));
    List<String> looking = call.arguments("" + NOW, "1", List.of(BucketCall.Wish.only(1)));
    return call.grants(loop.await(() -> link.run(Scripts.BUCKET, List.of(name), looking)))
        .get(0)
        .missing();
  }

  private static void record(
      Loop loop,
      RedisLink link,
      RedisServer server,
      String tier,
      String key,
      long tokens,
      StringBuilder found,
      Bandwidth... bandwidths)
      throws IOException {
    LimitConfig policy = Policies.named("calls").key(KeyPart.CALLER).of(bandwidths).build();
    BucketKey parsed = BucketKey.parse(policy, tier, key);
    assertThat(parsed).isNotNull();
    BucketCall call = new BucketCall(link, "avalo", Shape.of(policy.allowance()));
    String name = call.name(parsed);
    List<String> arguments = call.arguments("" + NOW, "", List.of(BucketCall.Wish.only(tokens)));
    loop.await(() -> link.run(Scripts.BUCKET, List.of(name), arguments));
    long lifetime = Long.parseLong(server.command("PTTL " + name).substring(1));
    long seconds = (lifetime + 999) / 1000;
    found.append(name).append(' ').append(server.command("GET " + name));
    found.append(' ').append(seconds).append("s\n");
  }

  private static void recordLease(
      Loop loop, RedisLink link, RedisServer server, StringBuilder found) throws IOException {
    LeaseCall call = new LeaseCall(link, "avalo", Shape.of(Policies.all(perMinute(100))), 10);
    String name = "avalo:ll:{calls:u=alice}";
    List<String> arguments =
        call.arguments("" + NOW, "one", new LeaseCall.Wish(0, 0, 1, 1, 4, 0, 0, 7, 3), null);
    loop.await(() -> link.run(Scripts.LEASE, List.of(name), arguments));
    found.append(name);
    for (String field : List.of("t", "b", "s", "o:one")) {
      found
          .append(' ')
          .append(field)
          .append('=')
          .append(server.command("HGET " + name + " " + field));
    }
    found.append('\n');
  }

  private static String golden() throws IOException {
    try (InputStream file = LimitKeysGoldenIT.class.getResourceAsStream("redis-keys.golden")) {
      assertThat(file).isNotNull();
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
