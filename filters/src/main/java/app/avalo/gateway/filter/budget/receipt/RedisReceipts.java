package app.avalo.gateway.filter.budget.receipt;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/**
 * Receipts that replicas share: small hashes {@code <prefix>:budget:{<name>}:paid:<number>}, each
 * gone two days after its newest id. A budget has 65,536 of them with 16 ids each, a million in
 * all; small ones take little memory, and none of them is ever slow to find or to drop.
 */
public final class RedisReceipts implements Receipts {
  private static final Script CHARGE = Script.beside(RedisReceipts.class, "budget-receipt");
  private static final String KEPT_SECONDS = Long.toString(Duration.ofDays(2).toSeconds());
  private static final int HASHES = 1 << 16;
  private static final String IDS = "16";

  private final ScriptRunner redis;
  private final String prefix;

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
  public Future<Long> charge(Receipt receipt, long micros) {
    long number = receipt.high() & HASHES - 1;
    String key = prefix + ":budget:{" + receipt.budget() + "}:paid:" + Long.toHexString(number);
    return redis
        .run(CHARGE, List.of(key), List.of(id(receipt), Long.toString(micros), KEPT_SECONDS, IDS))
        .map(Response::toLong);
  }

  private static String id(Receipt receipt) {
    byte[] digest =
        ByteBuffer.allocate(2 * Long.BYTES).putLong(receipt.high()).putLong(receipt.low()).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
  }
}
