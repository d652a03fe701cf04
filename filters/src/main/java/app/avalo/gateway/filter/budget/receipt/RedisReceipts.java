package app.avalo.gateway.filter.budget.receipt;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.List;
import java.util.Queue;

/**
 * Receipts that replicas share: small hashes {@code <prefix>:budget:{<name>}:paid:<number>}, each
 * gone two days after its newest id. A budget has 65,536 of them with 16 ids each, a million in
 * all; small ones take little memory, and none of them is ever slow to find or to drop.
 */
public final class RedisReceipts implements Receipts {
  private static final Script BEGIN = Script.beside(RedisReceipts.class, "budget-begin");
  private static final Script CHARGE = Script.beside(RedisReceipts.class, "budget-receipt");
  private static final String KEPT_SECONDS = Long.toString(Duration.ofDays(2).toSeconds());
  private static final int HASHES = 1 << 16;
  private static final String IDS = "16";

  /** Charges of this loop that an outage kept from Redis; further ones it never hears of. */
  private static final int MOST_UNSAID = 4096;

  private final ScriptRunner redis;
  private final String prefix;
  private final Queue<Unsaid> unsaid = new ArrayDeque<>();

  private record Unsaid(Receipt receipt, long micros) {}

  /**
   * Receipts over the link of one event loop.
   *
   * @param prefix of every key
   */
  public RedisReceipts(ScriptRunner redis, String prefix) {
    this.redis = redis;
    this.prefix = prefix;
  }

  @Override
  public Future<Long> begin(Receipt receipt, long micros) {
    // Nobody waits for it, so it may be late, and say itself again to a Redis that is new.
    return redis
        .send(BEGIN, keys(receipt), arguments(receipt, micros))
        .map(Response::toLong)
        .onSuccess(told -> sayLate());
  }

  @Override
  public Future<Charged> charge(Receipt receipt, long micros) {
    return run(CHARGE, receipt, micros)
        .map(answer -> new Charged(answer.get(0).toLong(), answer.get(1).toLong() == 1))
        .onSuccess(told -> sayLate())
        .onFailure(away -> keep(new Unsaid(receipt, micros)));
  }

  private void keep(Unsaid charge) {
    if (unsaid.size() < MOST_UNSAID) {
      unsaid.add(charge);
    }
  }

  /** What was charged in an outage; said twice it changes nothing. */
  private void sayLate() {
    Unsaid next = unsaid.poll();
    if (next != null) {
      run(CHARGE, next.receipt(), next.micros())
          .onSuccess(told -> sayLate())
          .onFailure(away -> keep(next));
    }
  }

  private Future<Response> run(Script script, Receipt receipt, long micros) {
    return redis.run(script, keys(receipt), arguments(receipt, micros));
  }

  private List<String> keys(Receipt receipt) {
    long number = receipt.high() & HASHES - 1;
    return List.of(prefix + ":budget:{" + receipt.budget() + "}:paid:" + Long.toHexString(number));
  }

  private static List<String> arguments(Receipt receipt, long micros) {
    return List.of(
        id(receipt), Long.toString(micros), KEPT_SECONDS, IDS, Long.toHexString(receipt.call()));
  }

  private static String id(Receipt receipt) {
    byte[] digest =
        ByteBuffer.allocate(2 * Long.BYTES).putLong(receipt.high()).putLong(receipt.low()).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
  }
}
