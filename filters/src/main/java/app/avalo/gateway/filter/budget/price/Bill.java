package app.avalo.gateway.filter.budget.price;

import app.avalo.gateway.config.BudgetConfig.Cost;
import io.vertx.core.MultiMap;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a service tells of the cost of one request: an amount, counts that have a price, or both.
 * What a trailer says replaces what the head said. Confined to the exchange.
 */
public final class Bill {
  private final Cost cost;
  private final long ceiling;
  private final long[] micros; // the amount, then counts in their order

  /**
   * An empty bill.
   *
   * @param ceiling micro-units above which nothing is believed: one header must not end a month
   */
  private Bill(Cost cost, long ceiling) {
    this.cost = cost;
    this.ceiling = ceiling;
    this.micros = new long[(cost.header() == null ? 0 : 1) + cost.perThousand().size()];
    Arrays.fill(micros, Price.UNREADABLE);
  }

  /** A bill for a request of this cost, or null when its service tells nothing. */
  public static @Nullable Bill of(Cost cost, long ceiling) {
    return cost.told() ? new Bill(cost, ceiling) : null;
  }

  /** Takes over what the head or the trailers of an answer say. */
  public void read(MultiMap fields) {
    int at = 0;
    if (cost.header() != null) {
      String amount = fields.get(cost.header());
      if (amount != null) {
        micros[at] = Price.parse(amount, ceiling);
      }
      at++;
    }
    if (at == micros.length) {
      return;
    }
    for (Map.Entry<String, Long> counted : cost.perThousand().entrySet()) {
      String count = fields.get(counted.getKey());
      if (count != null) {
        micros[at] = price(Price.parseCount(count), counted.getValue());
      }
      at++;
    }
  }

  private long price(long count, long perThousand) {
    long price = Price.share(perThousand, count);
    return count < 0 || price > ceiling ? Price.UNREADABLE : price;
  }

  /** Whether all of it was told. */
  public boolean isComplete() {
    for (long each : micros) {
      if (each < 0) {
        return false;
      }
    }
    return true;
  }

  /** The sum of what was told. */
  public long sum() {
    long sum = 0;
    for (long each : micros) {
      sum = Price.add(sum, Math.max(0, each));
    }
    return sum;
  }
}
