package app.avalo.gateway.filter.limit.shared;

import static app.avalo.gateway.filter.limit.Policies.all;
import static app.avalo.gateway.filter.limit.Policies.per;

import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.filter.limit.Policies;
import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.CompactBuckets;
import app.avalo.gateway.filter.limit.bucket.FewBuckets;
import app.avalo.gateway.filter.limit.bucket.LocalBuckets;
import app.avalo.gateway.filter.limit.bucket.Reading;
import app.avalo.gateway.filter.limit.bucket.Room;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random operations in virtual time, decided by the script in a real Redis, by the table of this
 * process, and by Bucket4j. As a program: {@code Ops [operations] [seed]}.
 */
final class Ops {
  private static final int BATCH = 1000;
  private static final int[] LEAVING = {0, 0, 20, 60}; // percent, to others
  private static final long START_MICROS = 1_795_219_200_000_000L;

  /** Runs the script again and again within one call; it is the script itself, time given. */
  private static final Script MANY =
      Script.of(
          "many",
          "local decide = function(KEYS, ARGV)\n"
              + Scripts.BUCKET.source()
              + "\nend\nlocal answers, width = {}, tonumber(ARGV[1])\n"
              + "for i = 2, #ARGV, width do\n"
              + "  local arguments = {}\n"
              + "  for j = 0, width - 1 do arguments[j + 1] = ARGV[i + j] end\n"
              + "  answers[#answers + 1] = decide(KEYS, arguments)\n"
              + "end\nreturn answers");

  private Ops() {}

  /**
   * One operation.
   *
   * @param tokens to take, or below zero to give back
   */
  private record Op(long micros, long tokens) {}

  private static Allowance allowance(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> all(per(1 + random.nextInt(100), Duration.ofSeconds(1), 3 + random.nextInt(100)));
      case 1 ->
          all(per(1 + random.nextInt(1_000_003), Duration.ofDays(1), 3 + random.nextInt(500)));
      case 2 ->
          all(
              per(1 + random.nextInt(20), Duration.ofSeconds(1), 3 + random.nextInt(20)),
              per(1 + random.nextInt(500), Duration.ofMinutes(1), 3 + random.nextInt(500)));
      default ->
          all(
              per(5, Duration.ofSeconds(1), 3 + random.nextInt(9)),
              per(1 + random.nextInt(99), Duration.ofMinutes(1), 30),
              per(1 + random.nextInt(4999), Duration.ofDays(1), 60 + random.nextInt(4999)));
    };
  }

  private static List<Op> operations(Random random) {
    List<Op> operations = new ArrayList<>();
    long micros = START_MICROS;
    for (int i = 0; i < BATCH; i++) {
      micros +=
          random.nextInt(3) == 0 ? 0 : random.nextInt(random.nextInt(20) == 0 ? 5_000_000 : 90_000);
      long tokens = 1 + random.nextInt(3);
      operations.add(new Op(micros, random.nextInt(9) == 0 ? -tokens : tokens));
    }
    return operations;
  }

  /**
   * Compares so many operations.
   *
   * @return those after which anybody disagreed about the decision or the tokens left, with how
   *     many were allowed: {@code {disagreements, allowed, refused}}
   */
  static long[] compare(Loop loop, RedisLink redis, long operations, long seed) {
    Random random = new Random(seed);
    long[] counts = new long[3];
    for (long done = 0; done < operations; done += BATCH) {
      Shape shape = Shape.of(allowance(random)).leaving(LEAVING[random.nextInt(4)], 1);
      List<Op> batch = operations(random);
      List<BucketCall.Grant> said = inRedis(loop, redis, shape, batch, "k" + done);
      here(shape, batch, said, counts);
    }
    return counts;
  }

  private static List<BucketCall.Grant> inRedis(
      Loop loop, RedisLink redis, Shape shape, List<Op> batch, String name) {
    BucketCall call = new BucketCall(redis, "t", shape);
    List<String> arguments = new ArrayList<>();
    arguments.add("" + (4 + 5 * shape.bands()));
    for (Op op : batch) {
      List<String> words =
          call.arguments("" + op.micros(), "", List.of(BucketCall.Wish.only(op.tokens())));
      arguments.addAll(words);
      if (words.size() < 4 + 5 * shape.bands()) { // of one token nothing is said
        arguments.add("");
      }
    }
    Response said = loop.await(() -> redis.run(MANY, List.of("t:rl:{" + name + "}"), arguments));
    return said.stream().map(one -> call.grants(one).get(0)).toList();
  }

  private static void here(
      Shape shape, List<Op> batch, List<BucketCall.Grant> said, long[] counts) {
    VirtualTime time = new VirtualTime();
    LocalBuckets many = new CompactBuckets(shape, time, new Room(1 << 16));
    LocalBuckets few = new FewBuckets(time);
    BucketKey key = BucketKey.parse(Policies.named("p").build(), "", "u=a");
    Reading one = new Reading();
    Reading other = new Reading();
    long now = START_MICROS;
    for (int i = 0; i < batch.size(); i++) {
      Op op = batch.get(i);
      time.advance(Duration.ofNanos(1000 * (op.micros() - now)));
      now = op.micros();
      if (op.tokens() < 0) {
        many.giveBack(key, -op.tokens());
        few.giveBack(key, -op.tokens());
        continue;
      }
      boolean allowed = many.take(key, shape, op.tokens(), one);
      boolean agreed = few.take(key, shape, op.tokens(), other) == allowed;
      agreed &= (said.get(i).tokens() == op.tokens()) == allowed;
      long least = Long.MAX_VALUE;
      long token = 0;
      boolean reserve = false;
      for (int band = 0; band < shape.bands(); band++) {
        long level = shape.band(band).capacityUnits() - said.get(i).missing()[band];
        long open = Math.max(0, level - shape.leftUnits(band));
        least = Math.min(least, open / shape.band(band).unitsPerToken());
        token = Math.max(token, 1000 * shape.band(band).micros(shape.band(band).unitsPerToken()));
        reserve |= shape.leftUnits(band) > 0;
      }
      agreed &= !allowed || one.remaining() == least && other.remaining() == least;
      // What is left to others Bucket4j counts in whole tokens.
      long later = other.retryAfterNanos() - one.retryAfterNanos();
      agreed &= later >= -1000 && later <= (reserve ? token : 1000);
      counts[0] += agreed ? 0 : 1;
      counts[allowed ? 1 : 2]++;
    }
  }

  public static void main(String[] arguments) {
    long operations = arguments.length > 0 ? Long.parseLong(arguments[0]) : 1_000_000;
    long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
    try (Loop loop = new Loop();
        RedisServer server = RedisServer.start()) {
      RedisLink redis = loop.link(server, Duration.ofSeconds(5));
      long[] counts = compare(loop, redis, operations, seed);
      String line =
          "%d operations (seed %d): %d allowed, %d refused; script, table and Bucket4j differ in %d%n";
      System.out.printf(line, operations, seed, counts[1], counts[2], counts[0]);
      System.exit(counts[0] == 0 ? 0 : 1);
    }
  }
}
