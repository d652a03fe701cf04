package app.avalo.gateway.filter.limit.shared;

import app.avalo.gateway.filter.limit.bucket.BucketKey;
import app.avalo.gateway.filter.limit.bucket.Shape;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Calls of {@code lease.lua} for buckets of one shape.
 *
 * @param shape of the bucket in Redis, without what may be out
 * @param most tokens that may be out unspent in all
 */
record LeaseCall(ScriptRunner redis, String prefix, Shape shape, long most) {
  /** After so long without a word Redis takes a lease for lost. */
  static final Duration LIFETIME = Duration.ofMillis(250);

  /**
   * What a replica wants.
   *
   * @param kept tokens it holds and keeps
   * @param returned tokens it brings back
   * @param need tokens of the requests that wait
   * @param least tokens of the cheapest of them
   * @param ahead tokens to hold beside
   * @param worth fewest that are worth a call; 0 for any
   * @param owed tokens that were let pass without asking
   * @param demand tokens per second that its requests want
   * @param sequence greater with each call of a replica
   */
  record Wish(
      long kept,
      long returned,
      long need,
      long least,
      long ahead,
      long worth,
      long owed,
      long demand,
      long sequence) {}

  /**
   * What it got.
   *
   * @param spent tokens for the requests that wait
   * @param lent tokens to hold
   * @param retryMicros until asking again makes sense; 0 when something was granted
   * @param live replicas that have asked lately, this one included
   * @param demand of all of them
   * @param missing units by band afterwards
   */
  record Grant(long spent, long lent, long retryMicros, long live, long demand, long[] missing) {}

  String name(BucketKey key) {
    return key.inRedis(prefix + ":ll:");
  }

  /**
   * Asks for tokens, however late they come.
   *
   * @param replica who asks
   * @param known units that are missing for sure, when the bucket's past may be lost, or null
   */
  Future<Grant> ask(String name, String replica, Wish wish, long @Nullable [] known) {
    return redis
        .send(Scripts.LEASE, List.of(name), arguments("", replica, wish, known))
        .map(this::grant);
  }

  /** What so many tokens would be answered, taking nothing and not waiting. */
  Future<Grant> look(String name, long tokens) {
    Wish wish = new Wish(0, 0, tokens, tokens, 0, 0, 0, 0, 0);
    return redis.run(Scripts.LEASE, List.of(name), arguments("", "", wish, null)).map(this::grant);
  }

  List<String> arguments(String micros, String replica, Wish wish, long @Nullable [] known) {
    List<String> arguments = new ArrayList<>(13 + Bands.EACH * shape.bands());
    arguments.add(micros);
    arguments.add(replica);
    arguments.add(Long.toString(wish.kept()));
    arguments.add(Long.toString(wish.returned()));
    arguments.add(Long.toString(wish.need()));
    arguments.add(Long.toString(wish.least()));
    arguments.add(Long.toString(wish.ahead()));
    arguments.add(Long.toString(wish.worth()));
    arguments.add(Long.toString(most));
    arguments.add(Long.toString(LIFETIME.toNanos() / 1000));
    arguments.add(Long.toString(wish.owed()));
    arguments.add(Long.toString(wish.demand()));
    arguments.add(Long.toString(wish.sequence()));
    new Bands(shape).addTo(arguments, known);
    return arguments;
  }

  Grant grant(Response answer) {
    return new Grant(
        answer.get(0).toLong(),
        answer.get(1).toLong(),
        answer.get(2).toLong(),
        answer.get(3).toLong(),
        answer.get(4).toLong(),
        new Bands(shape).missing(answer));
  }

  /** However late the answer comes: an operator waits rather than hear that what is done failed. */
  Future<Void> reset(String name) {
    return redis.send(Scripts.RESET, List.of(name), List.of()).mapEmpty();
  }
}
