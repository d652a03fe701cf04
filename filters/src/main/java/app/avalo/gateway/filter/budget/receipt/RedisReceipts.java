package app.avalo.gateway.filter.budget.receipt;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;

/**
 * Receipts that replicas share: one hash {@code <prefix>:budget:{<name>}:paid:<day>} per budget and
 * day, gone two days after it; about 100 bytes an id. Days are those of the gateway's clock, and
 * the day before and the next are looked at, so clocks may differ.
 */
public final class RedisReceipts implements Receipts {
  private static final Script CHARGE = Script.beside(RedisReceipts.class, "budget-receipt");
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyyMMdd").withZone(ZoneOffset.UTC);
  private static final long DAY_MILLIS = Duration.ofDays(1).toMillis();

  /** Ids of a budget that are remembered of a day. */
  private static final int MOST = 1_000_000;

  private final ScriptRunner redis;
  private final String prefix;
  private final Ticker ticker;
  private final int most;

  /**
   * Receipts over the link of one event loop.
   *
   * @param prefix of every key
   */
  public RedisReceipts(ScriptRunner redis, String prefix, Ticker ticker) {
    this(redis, prefix, ticker, MOST);
  }

  /** Of at most so many ids of a budget and day. */
  RedisReceipts(ScriptRunner redis, String prefix, Ticker ticker, int most) {
    this.redis = redis;
    this.prefix = prefix;
    this.ticker = ticker;
    this.most = most;
  }

  @Override
  public Future<Long> charge(Receipt receipt, long micros) {
    long now = ticker.epochMillis();
    long today = Math.floorDiv(now, DAY_MILLIS) * DAY_MILLIS;
    List<String> days =
        List.of(
            key(receipt, today),
            key(receipt, today - DAY_MILLIS),
            key(receipt, today + DAY_MILLIS));
    List<String> arguments =
        List.of(
            id(receipt),
            Long.toString(micros),
            Integer.toString(most),
            Long.toString(today + 3 * DAY_MILLIS));
    return redis
        .run(CHARGE, days, arguments)
        .compose(
            answer ->
                answer.toLong() < 0
                    ? Future.failedFuture(Forgotten.FULL)
                    : Future.succeededFuture(answer.toLong()));
  }

  private String key(Receipt receipt, long dayMillis) {
    String day = DAY.format(Instant.ofEpochMilli(dayMillis));
    return prefix + ":budget:{" + receipt.budget() + "}:paid:" + day;
  }

  private static String id(Receipt receipt) {
    byte[] digest =
        ByteBuffer.allocate(2 * Long.BYTES).putLong(receipt.high()).putLong(receipt.low()).array();
    return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
  }
}
