package app.avalo.gateway.filter.budget.receipt;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.budget.receipt.Receipts.Charged;
import io.vertx.core.Future;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** A request with an id, from its beginning to its end, in one budget. Of one event loop. */
public final class Call {
  private static final Future<Long> NOTHING = Future.succeededFuture(0L);

  private final Receipts receipts;
  private final Receipt receipt;
  private final Future<Long> begun; // what its id had paid then
  private long covered; // micro-units of that, as far as they were held for it

  private Call(Receipts receipts, Receipt receipt, long held, LongUnaryOperator giveUp) {
    this.receipts = receipts;
    this.receipt = receipt;
    this.begun =
        held == 0
            ? NOTHING
            : receipts
                .begin(receipt, held)
                .onSuccess(paid -> covered = paid == 0 ? 0 : giveUp.applyAsLong(paid));
  }

  /**
   * Says that a request begins; nobody waits for the answer.
   *
   * @param header that names it
   * @param held micro-units
   * @param giveUp holds so much less, and tells how much less it was
   * @return null for a request that nobody can know again
   */
  public static @Nullable Call begin(
      Receipts receipts,
      Exchange exchange,
      BudgetConfig budget,
      String header,
      long held,
      LongUnaryOperator giveUp) {
    Receipt receipt = Receipt.of(exchange, budget, header);
    return receipt == null ? null : new Call(receipts, receipt, held, giveUp);
  }

  /**
   * What it pays at its end of what it cost; failed when nobody knows, so that it pays in full: a
   * repeat may be charged twice, but no cost is lost.
   */
  public Future<Charged> end(long cost) {
    return begun.isComplete() ? charge(cost) : begun.transform(answered -> charge(cost));
  }

  private Future<Charged> charge(long cost) {
    return receipts
        .charge(receipt, cost)
        .recover(
            unknown ->
                covered > 0
                    ? Future.succeededFuture(new Charged(Math.max(0, cost - covered), true))
                    : Future.failedFuture(unknown));
  }
}
