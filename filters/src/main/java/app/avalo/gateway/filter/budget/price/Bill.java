package app.avalo.gateway.filter.budget.price;

import app.avalo.gateway.config.BudgetConfig.Cost;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a service tells of the cost of one request: an amount, counts that have a price, or both.
 * What a trailer says replaces what the head said. Confined to the exchange.
 */
public class Bill {
  private static final CharSequence[] NOBODY = {};

  private final Form form;
  private long amount = Price.UNREADABLE;
  private final long @Nullable [] counted; // micro-units, in the form's order; null without counts

  /**
   * Where bills of one price are read.
   *
   * @param header with the amount, or null
   * @param counts headers with counts; of a service that tells nothing neither is there
   * @param perThousand micro-units per thousand of each
   * @param ceiling micro-units above which nothing is believed: one header must not end a month
   */
  public record Form(
      @Nullable CharSequence header, CharSequence[] counts, long[] perThousand, long ceiling) {

    /** Of this price. */
    public static Form of(Cost cost, long ceiling) {
      int counted = cost.perThousand().size();
      CharSequence[] counts = counted == 0 ? NOBODY : new CharSequence[counted];
      long[] perThousand = new long[counted];
      int at = 0;
      for (Map.Entry<String, Long> count : cost.perThousand().entrySet()) {
        counts[at] = HttpHeaders.createOptimized(count.getKey());
        perThousand[at++] = count.getValue();
      }
      String header = cost.header();
      return new Form(
          header == null ? null : HttpHeaders.createOptimized(header),
          counts,
          perThousand,
          ceiling);
    }
  }

  /** Nothing was told yet. */
  public Bill(Form form) {
    this.form = form;
    this.counted = form.counts.length == 0 ? null : new long[form.counts.length];
    if (counted != null) {
      Arrays.fill(counted, Price.UNREADABLE);
    }
  }

  /** Takes over what the head or the trailers of an answer say. */
  public final void read(MultiMap fields) {
    if (form.header != null) {
      String told = fields.get(form.header);
      if (told != null) {
        amount = Price.parse(told, form.ceiling);
      }
    }
    for (int i = 0; counted != null && i < counted.length; i++) {
      String count = fields.get(form.counts[i]);
      if (count != null) {
        counted[i] = price(Price.parseCount(count), form.perThousand[i]);
      }
    }
  }

  private long price(long count, long perThousand) {
    long price = Price.share(perThousand, count);
    return count < 0 || price > form.ceiling ? Price.UNREADABLE : price;
  }

  /** Whether its service tells anything. */
  public final boolean isTold() {
    return form.header != null || form.counts.length > 0;
  }

  /** Whether all of it was told. */
  public final boolean isComplete() {
    boolean complete = form.header == null || amount >= 0;
    for (int i = 0; counted != null && complete && i < counted.length; i++) {
      complete = counted[i] >= 0;
    }
    return complete;
  }

  /** The sum of what was told. */
  public final long sum() {
    long sum = Math.max(0, amount);
    for (int i = 0; counted != null && i < counted.length; i++) {
      sum = Price.add(sum, Math.max(0, counted[i]));
    }
    return sum;
  }
}
