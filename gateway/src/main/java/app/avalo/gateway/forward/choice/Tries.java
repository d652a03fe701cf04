package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.ServiceConfig.Retry;
import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.forward.body.RequestBody;
import app.avalo.gateway.region.Standing;
import io.netty.util.AsciiString;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one exchange has tried, and whether it may try again. A request of which nothing was sent
 * may always move on; one that was sent only if its method may be repeated and its body is still
 * here. Every further attempt is paid for by the service's retry budget.
 */
public final class Tries {
  /** Of one exchange at all, however harmless each of them ended. */
  private static final int MOST = 8;

  private static final CharSequence IDEMPOTENCY_KEY = AsciiString.cached("idempotency-key");

  private final Exchange exchange;
  private final Destinations destinations;
  private final RequestBody body;
  private final boolean repeatable;
  private long tried;
  private int sent;

  public Tries(Exchange exchange, Destinations destinations, RequestBody body) {
    this.exchange = exchange;
    this.destinations = destinations;
    this.body = body;
    this.repeatable = retry().methods().contains(exchange.method()) || isKnownAgain();
  }

  /** The request went onto a connection. */
  public void sent() {
    sent++;
  }

  /** Bit per region ordinal that is not to be tried again. */
  long tried() {
    return tried;
  }

  /** Whether the request, sent before, may be sent once more. */
  public boolean mayRepeat() {
    return repeatable && sent < retry().attempts() && body.isRepeatable();
  }

  /** Whether the service would know it again if it came twice. */
  private boolean isKnownAgain() {
    return retry().idempotencyKeys() && exchange.head().headers().contains(IDEMPOTENCY_KEY);
  }

  /**
   * Nanoseconds after which another place is asked as well, 0 for never. Only what changes nothing
   * is asked twice at once: of two writes the one that is given up might be the last to arrive.
   */
  public long hedgeNanos() {
    if (!retry().hedge() || !isSafe(exchange.method()) || !body.isAtHand() || !mayRepeat()) {
      return 0;
    }
    BudgetHold hold = exchange.budget();
    if (hold != null && hold.chargesAttempts()) {
      return 0; // it would cost twice
    }
    long known = destinations.latency(exchange.route()).nearlyAllNanos();
    // Nothing is known yet: whoever gives an attempt so long expects most answers in half of it.
    return known > 0 ? known : exchange.route().config().timeouts().attempt().toNanos() / 2;
  }

  /** RFC 9110, 9.2.1. */
  private static boolean isSafe(String method) {
    return switch (method) {
      case "GET", "HEAD", "OPTIONS" -> true;
      default -> false;
    };
  }

  /**
   * Where a request that is late here may be sent as well, taken from the budget: another region in
   * service, else this one's other endpoints; or null.
   */
  public @Nullable Destination hedge(Destination from, long nowNanos) {
    Destination other =
        exchange.pin() == null ? RegionChoice.other(exchange, destinations, triedWith(from)) : null;
    Destination to = other == null && from.members().length > 1 ? from : other;
    boolean good = to != null && to.standing() == Standing.IN_SERVICE;
    return good && budget().spend(RetryBudget.PRICE, nowNanos) ? to : null;
  }

  /** An answer began; what is late is judged by how long the others took. */
  public void answered(Destination by, Member member, long sentNanos, long nowNanos) {
    by.answered(member, nowNanos - sentNanos, nowNanos);
    destinations.latency(exchange.route()).record(nowNanos - sentNanos);
  }

  /** Whether the beginning of an answer is held back, so that it can be replaced. */
  public boolean mayReplaceAnswer() {
    return retry().hold() && body.isComplete() && mayRepeat();
  }

  /**
   * Nanoseconds from sending the request to the head of its answer, 0 when only the exchange's own
   * deadline holds. Who has not got the whole request is not late with the answer.
   */
  public long patienceNanos() {
    return mayRepeat() && body.isComplete()
        ? exchange.route().config().timeouts().attempt().toNanos()
        : 0;
  }

  /** Whether an attempt whose connection was dead may have another connection. */
  public boolean mayReplace(boolean wasSent) {
    return (!wasSent || mayRepeat()) && exchange.attempts() < MOST;
  }

  /** Whether another attempt may follow one at this destination; takes it from the budget. */
  public boolean canMoveOn(Destination from, boolean wasSent, long nowNanos) {
    if (wasSent && !mayRepeat()) {
      return false;
    }
    if (exchange.attempts() >= Math.max(retry().attempts(), destinations.plan().regions().size())) {
      return false;
    }
    if (exchange.pin() != null) {
      return budget().spend(RetryBudget.PRICE, nowNanos);
    }
    Destination other = RegionChoice.other(exchange, destinations, triedWith(from));
    Destination to = other == null && from.members().length > 1 ? from : other;
    return to != null && budget().spend(price(to, wasSent), nowNanos);
  }

  private static double price(Destination to, boolean wasSent) {
    return wasSent && to.standing() != Standing.IN_SERVICE
        ? RetryBudget.DOUBTFUL
        : RetryBudget.PRICE;
  }

  private RetryBudget budget() {
    return destinations.retries(Objects.requireNonNull(exchange.target()).service());
  }

  private long triedWith(Destination from) {
    return tried | RegionChoice.bit(from.region().ordinal());
  }

  /**
   * Moves on; a region is tried again only when all were tried, and at once only if it is alone.
   */
  public void leave(Destination from) {
    if (exchange.pin() == null) {
      tried = triedWith(from);
      if (RegionChoice.other(exchange, destinations, tried) == null) {
        long last = RegionChoice.bit(from.region().ordinal());
        tried = RegionChoice.other(exchange, destinations, last) == null ? 0 : last;
      }
    }
  }

  private Retry retry() {
    return exchange.route().config().retry();
  }
}
