package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Cost;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.budget.price.Bill;
import app.avalo.gateway.filter.budget.price.Price;
import app.avalo.gateway.filter.budget.term.Labels;
import io.vertx.core.MultiMap;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Money held for one exchange in every budget it is charged to; made once, settled once. Belongs to
 * the event loop of its exchange.
 */
final class Hold implements BudgetHold, BudgetLedger.Verdict {
  /** A moment that is always near enough to look again. */
  private static final long NEVER_NANOS = 3_600_000_000_000L;

  /** Beyond the longest silence of an exchange, until its hold counts as forgotten. */
  private static final long GRACE_NANOS = 60_000_000_000L;

  private static final long NANOS_PER_MILLI = 1_000_000;

  final String service;
  final Charge[] charges;
  final @Nullable String spender;
  private final Slices slices;
  private final String tier;
  private @Nullable String region;
  private boolean flowing;
  private long aliveNanos; // when it last was, as far as anybody saw
  private final long beganNanos; // of its exchange
  private final long madeMillis; // since 1970
  private boolean settled;
  private long seenBytes; // when somebody looked last
  private @Nullable Exchange exchange;
  private BudgetLedger.@Nullable Waiting underWay; // of the last look
  private @Nullable Deque<long[]> furthers; // attempts, the last first: what was held for each

  // Among those that are open, and its neighbours there.
  @Nullable OpenHolds open;
  Hold before = this;
  Hold after = this;

  /**
   * Who asks for money, and what for.
   *
   * @param budgets that have to pay
   * @param service or null
   * @param route by name
   * @param method as sent
   * @param bodyBytes announced, or 0
   * @param tier of the caller
   * @param spender who calls, users and API keys told apart; null when nobody watches
   * @param beganNanos when its exchange began
   */
  record Ask(
      List<BudgetConfig> budgets,
      @Nullable ServiceConfig service,
      String route,
      String method,
      long bodyBytes,
      String tier,
      @Nullable String spender,
      long beganNanos) {
    private static final int LONGEST_TIER = 32;

    static Ask of(Exchange exchange, List<BudgetConfig> budgets) {
      return new Ask(
          budgets,
          service(exchange),
          exchange.route().name(),
          exchange.method(),
          bodyBytes(exchange, budgets),
          tier(exchange.caller()),
          spender(exchange.caller(), budgets),
          exchange.startNanos());
    }

    static @Nullable ServiceConfig service(Exchange exchange) {
      var target = exchange.target();
      return target == null ? null : target.service().config();
    }

    /** Tiers are named by credentials; what looks like no name is summed up with its like. */
    static String tier(Caller caller) {
      String name = caller.tier();
      boolean plain = name.length() <= LONGEST_TIER;
      for (int i = 0; plain && i < name.length(); i++) {
        char c = name.charAt(i);
        plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-';
      }
      return plain ? name : "other";
    }

    /** Under which name a caller's spending is watched, or null if nobody watches. */
    private static @Nullable String spender(Caller caller, List<BudgetConfig> budgets) {
      for (int i = 0; i < budgets.size(); i++) {
        if (budgets.get(i).abuse() != null) {
          return caller.name();
        }
      }
      return null;
    }

    private static long bodyBytes(Exchange exchange, List<BudgetConfig> budgets) {
      String route = exchange.route().name();
      for (int i = 0; i < budgets.size(); i++) {
        if (budgets.get(i).cost(route, exchange.method()).perMebibyteIn() > 0) {
          return bodyBytes(exchange);
        }
      }
      return 0;
    }

    /** The announced length of the body, at most what the route lets pass; 0 when unknown. */
    private static long bodyBytes(Exchange exchange) {
      String length = exchange.header("content-length");
      if (length == null || length.isEmpty()) {
        return 0;
      }
      long limit = exchange.route().config().bodyBytes();
      long bytes = 0;
      for (int i = 0; i < length.length(); i++) {
        int digit = length.charAt(i) - '0';
        if (digit < 0 || digit > 9) {
          return limit;
        }
        bytes = Math.min(limit, bytes * 10 + digit);
      }
      return bytes;
    }

    Cost cost(BudgetConfig budget) {
      return budget.cost(route, method);
    }

    long upperBound(BudgetConfig budget) {
      return Price.upperBound(cost(budget), bodyBytes);
    }
  }

  Hold(Slices slices, Ask ask, long nowMillis) {
    this.slices = slices;
    this.tier = ask.tier();
    this.spender = ask.spender();
    this.service = ask.service() == null ? "" : ask.service().name();
    this.charges = new Charge[ask.budgets().size()];
    this.aliveNanos = ask.beganNanos();
    this.beganNanos = ask.beganNanos();
    this.madeMillis = nowMillis;
  }

  void at(int i, Charge charge) {
    charges[i] = charge;
    flowing |= charge.cost.flows();
  }

  /** Milliseconds since 1970 of a moment of its exchange, about; asks no clock. */
  long millis(long nanos) {
    return madeMillis + (nanos - beganNanos) / NANOS_PER_MILLI;
  }

  /** Whose bytes show that it is alive. */
  void of(Exchange exchange) {
    this.exchange = exchange;
  }

  /** The region that served it. */
  void servedBy(String region) {
    this.region = region;
  }

  /** Under which its cost is summed up besides its service. */
  Labels labels(Labels.Recent recent, String day) {
    return recent.of(tier, day, region);
  }

  /** What the head or the trailers of an answer say of its cost. */
  void read(MultiMap fields) {
    for (Charge charge : charges) {
      Bill bill = charge.bill;
      if (bill != null) {
        bill.read(fields);
      }
    }
  }

  @Override
  public boolean chargesAttempts() {
    for (Charge charge : charges) {
      if (charge.byAttempt()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean again(Exchange exchange) {
    long[] micros = new long[charges.length];
    for (int i = 0; i < micros.length; i++) {
      micros[i] = charges[i].attempt(exchange);
    }
    boolean paid = !settled && slices.again(this, micros);
    for (int i = 0; paid && i < micros.length; i++) {
      charges[i].lose(micros[i]);
    }
    if (paid) {
      furthers = furthers == null ? new ArrayDeque<>() : furthers;
      furthers.push(micros);
    }
    return paid;
  }

  @Override
  public void unsent() {
    long[] micros = settled || furthers == null ? null : furthers.poll();
    for (int i = 0; micros != null && i < micros.length; i++) {
      charges[i].lose(-micros[i]);
      less(charges[i], micros[i]);
    }
  }

  @Override
  public boolean flows() {
    return flowing;
  }

  @Override
  public @Nullable GatewayError meter(Exchange exchange, int bytes, long nowNanos) {
    return meter(exchange, 0, bytes, nowNanos);
  }

  @Override
  public @Nullable GatewayError take(Exchange exchange, int bytes, long nowNanos) {
    return meter(exchange, bytes, 0, nowNanos);
  }

  private @Nullable GatewayError meter(Exchange exchange, int in, int out, long nowNanos) {
    aliveNanos = nowNanos;
    underWay = null;
    if (flowing && settled) {
      return Refused.expired(charges[0]);
    }
    for (int i = 0; flowing && i < charges.length; i++) {
      long due = charges[i].due(exchange, in, out, nowNanos);
      if (charges[i].isRevalued() && due > charges[i].held) {
        return Refused.revalued(charges[i]);
      }
      if (charges[i].isLow(due) && !charges[i].isRevalued()) {
        Refused refused = refused(charges[i], due);
        if (refused != null) {
          return refused.error(slices.nowMillis());
        }
      }
    }
    return null;
  }

  /** Why no more can flow, or not yet, or null. */
  private @Nullable Refused refused(Charge charge, long due) {
    BudgetLedger.Verdict no = slices.extend(this, charge, due);
    if (due <= charge.held) {
      return null;
    }
    if (no instanceof BudgetLedger.Waiting waiting) {
      underWay = waiting.refused().usedUp() ? null : waiting;
      return waiting.refused();
    }
    return (Refused) no;
  }

  @Override
  public boolean awaits(Runnable again) {
    BudgetLedger.Waiting waiting = underWay;
    OpenHolds loop = open;
    if (waiting == null || loop == null) {
      return false;
    }
    waiting.keeper().await(() -> loop.execute(again));
    return true;
  }

  @Override
  public long sliceBytes() {
    long bytes = Long.MAX_VALUE;
    for (Charge charge : charges) {
      bytes = Math.min(bytes, charge.sliceBytes());
    }
    return bytes;
  }

  @Override
  public long sliceNanos() {
    long nanos = Long.MAX_VALUE;
    for (Charge charge : charges) {
      nanos = Math.min(nanos, charge.sliceNanos());
    }
    return nanos;
  }

  @Override
  public long nextNanos(Exchange exchange, long nowNanos) {
    long next = NEVER_NANOS;
    for (int i = 0; flowing && i < charges.length; i++) {
      next = Math.min(next, charges[i].lowNanos(exchange, nowNanos, NEVER_NANOS));
    }
    return nowNanos + next;
  }

  /** Gives up so much of a charge, if it is held, as its id has paid it; tells how much it was. */
  long less(Charge charge, long micros) {
    long given = settled ? 0 : Math.min(micros, charge.held);
    if (given > 0) {
      slices.less(this, charge, given);
    }
    return given;
  }

  /** Micro-units by budget. */
  long[] held() {
    long[] held = new long[charges.length];
    for (int i = 0; i < held.length; i++) {
      held[i] = charges[i].held;
    }
    return held;
  }

  /** Whether its exchange has been silent for longer than it may. */
  boolean isForgotten(long nowNanos) {
    long bytes = exchange == null ? 0 : exchange.bytesIn() + exchange.bytesOut();
    if (bytes != seenBytes) {
      seenBytes = bytes;
      aliveNanos = nowNanos;
    }
    return nowNanos - aliveNanos > (exchange == null ? 0 : silenceNanos(exchange)) + GRACE_NANOS;
  }

  /** For how long an exchange may be silent. */
  private static long silenceNanos(Exchange exchange) {
    ServiceConfig.Timeouts timeouts = exchange.route().config().timeouts();
    long longest = Math.max(timeouts.idle().toNanos(), timeouts.total().toNanos());
    ServiceConfig service = Ask.service(exchange);
    return service == null
        ? longest
        : Math.max(longest, service.webSocket().idleTimeout().toNanos());
  }

  boolean isSettled() {
    return settled;
  }

  /** Whether this call is the one that settles. */
  boolean settleOnce() {
    boolean first = !settled;
    settled = true;
    return first;
  }
}
