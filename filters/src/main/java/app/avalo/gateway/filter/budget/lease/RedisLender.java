package app.avalo.gateway.filter.budget.lease;

import app.avalo.gateway.filter.redis.Script;
import app.avalo.gateway.filter.redis.ScriptRunner;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Shared amounts in Redis: one hash {@code <prefix>:budget:{<name>}:<period>} per budget and
 * period, gone 40 days after the period. Its fields are described in {@code budget-lease.lua}.
 */
public final class RedisLender implements Lender {
  private static final Script LEASE = Script.beside(RedisLender.class, "budget-lease");
  private static final Script CORRECT = Script.beside(RedisLender.class, "budget-correct");
  private static final Script ORDER = Script.beside(RedisLender.class, "budget-order");
  private static final Script SUMS = Script.beside(RedisLender.class, "budget-sums");

  /** Place of the first two sums by label in an answer. */
  private static final int SUMS_AT = 11;

  private static final long KEPT_MILLIS = 40L * 24 * 3600 * 1000;

  private final ScriptRunner redis;
  private final String prefix;
  private final String replica;

  /**
   * A lender for one replica.
   *
   * @param redis of the loop on which this is used
   * @param prefix of every key
   * @param replica name of this gateway, of no other one alive
   */
  public RedisLender(ScriptRunner redis, String prefix, String replica) {
    this.redis = redis;
    this.prefix = prefix;
    this.replica = replica;
  }

  private String key(Statement.Where where) {
    return prefix + ":budget:{" + where.budget() + "}:" + where.term();
  }

  @Override
  public Future<Lease> exchange(Statement said) {
    List<String> arguments = new ArrayList<>(14 + 2 * said.byService().length);
    arguments.add(replica);
    arguments.add(Long.toString(said.sequence()));
    arguments.add(Long.toString(said.keep()));
    arguments.add(Long.toString(said.want()));
    arguments.add(Long.toString(said.spent()));
    arguments.add(String.join(",", said.due()));
    arguments.add(Long.toString(said.where().amount()));
    arguments.add(Long.toString(said.where().endMillis() + KEPT_MILLIS));
    arguments.add(Long.toString(said.where().silenceMillis()));
    arguments.add(Long.toString(said.need()));
    arguments.add(Long.toString(said.used()));
    arguments.add(Long.toString(said.least()));
    arguments.add(String.join(",", said.told()));
    arguments.add(said.known() ? "1" : "0");
    for (int i = 0; i < said.byService().length; i++) {
      arguments.add(said.services().get(i));
      arguments.add(Long.toString(said.byService()[i]));
    }
    return redis.run(LEASE, List.of(key(said.where())), arguments).map(RedisLender::lease);
  }

  private static Lease lease(Response answer) {
    long[] byService = new long[(answer.size() - SUMS_AT) / 2];
    long[] statedBy = new long[byService.length];
    for (int i = 0; i < byService.length; i++) {
      byService[i] = answer.get(SUMS_AT + 2 * i).toLong();
      statedBy[i] = answer.get(SUMS_AT + 2 * i + 1).toLong();
    }
    return new Lease(
        answer.get(0).toLong(),
        answer.get(1).toLong(),
        answer.get(2).toLong(),
        answer.get(4).toLong(),
        answer.get(5).toLong(),
        answer.get(6).toLong(),
        answer.get(7).toLong(),
        answer.get(8).toLong(),
        keys(answer.get(3)),
        keys(answer.get(9)),
        keys(answer.get(10)),
        byService,
        statedBy);
  }

  private static List<String> keys(Response joined) {
    String keys = joined.toString();
    return keys.isEmpty() ? List.of() : List.of(keys.split(","));
  }

  @Override
  public Future<Corrected> correct(
      Statement.Where where, Collection<Statement.Where> others, Change change) {
    List<String> keys = new ArrayList<>(List.of(key(where)));
    others.forEach(other -> keys.add(key(other)));
    List<String> arguments =
        List.of(
            change.id(),
            change.raise() ? "raised" : "spent",
            Long.toString(change.micros()),
            change.note(),
            Long.toString(where.amount()),
            Long.toString(where.endMillis()),
            Long.toString(where.endMillis() + KEPT_MILLIS),
            change.service());
    return redis
        .run(CORRECT, keys, arguments)
        .map(
            answer ->
                switch (answer.toInteger()) {
                  case 1 -> Corrected.DONE;
                  case 0 -> Corrected.SEEN;
                  case -1 -> Corrected.IMPOSSIBLE;
                  default -> Corrected.UNKNOWN;
                });
  }

  @Override
  public Future<Void> order(Statement.Where where, long startMillis, Order order) {
    List<String> arguments =
        List.of(
            order.what(),
            Long.toString(order.untilMillis()),
            order.note(),
            Long.toString(where.endMillis() + KEPT_MILLIS),
            Long.toString(startMillis));
    return redis.run(ORDER, List.of(key(where)), arguments).mapEmpty();
  }

  @Override
  public Future<Map<String, Long>> sums(Statement.Where where) {
    return redis.run(SUMS, List.of(key(where)), List.of()).map(RedisLender::sums);
  }

  private static Map<String, Long> sums(Response answer) {
    Map<String, Long> sums = new LinkedHashMap<>();
    for (int i = 0; i + 1 < answer.size(); i += 2) {
      sums.put(answer.get(i).toString(), answer.get(i + 1).toLong());
    }
    return sums;
  }
}
