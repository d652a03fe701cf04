package app.avalo.gateway.filter.budget;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.BudgetHold;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.budget.Tariff.Ask;
import app.avalo.gateway.filter.budget.term.Labels;
import io.vertx.core.MultiMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.ToLongFunction;
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

  @Nullable Charge first; // others are next to it
  final @Nullable String spender; // who asked, or null when nobody watches
  private final Tariff tariff;
  private final String tier;
  private final Slices slices;
  private boolean flowing;
  private long aliveNanos; // when it last was, as far as anybody saw
  private final long epochNanos; // at the zero of its exchange's clock
  private boolean settled;
  private long seenBytes; // when somebody looked last
  private @Nullable Exchange exchange;
  private BudgetLedger.@Nullable Waiting underWay; // of the last look
  private @Nullable Deque<long[]> furthers; // attempts, the last first: what was held for each

  private @Nullable Open open; // those that it is one of
  private int place; // among them

  /** The holds of one event loop that are not settled; taking in and letting go touch no other. */
  static final class Open {
    private static final int FEW = 64;

    private final Executor loop;
    private @Nullable Hold[] places = new Hold[0];
    private int[] free = new int[0]; // places without a hold, as a stack
    private int frees;

    Open(Executor loop) {
      this.loop = loop;
    }

    /** Runs the task on that loop. */
    void execute(Runnable task) {
      loop.execute(task);
    }

    /** Takes a hold in; once. */
    void add(Hold hold) {
      if (frees == 0) {
        grow();
      }
      hold.open = this;
      hold.place = free[--frees];
      places[hold.place] = hold;
    }

    private void grow() {
      int before = places.length;
      places = Arrays.copyOf(places, Math.max(FEW, 2 * before));
      free = new int[places.length];
      for (int place = places.length - 1; place >= before; place--) {
        free[frees++] = place;
      }
    }

    /** Lets go of a hold that was taken in; once. */
    void remove(Hold hold) {
      places[hold.place] = null;
      free[frees++] = hold.place;
    }

    /** Those that nobody settles any more, it seems. */
    List<Hold> forgotten(long nowNanos) {
      List<Hold> forgotten = new ArrayList<>();
      for (Hold hold : places) {
        if (hold != null && hold.isForgotten(nowNanos)) {
          forgotten.add(hold);
        }
      }
      return forgotten;
    }
  }

  Hold(Slices slices, Ask ask, long nowMillis) {
    this.slices = slices;
    this.tariff = ask.tariff();
    this.tier = ask.tier();
    this.spender = ask.spender();
    this.aliveNanos = ask.beganNanos();
    this.epochNanos = nowMillis * NANOS_PER_MILLI - ask.beganNanos();
  }

  /** Takes in what was reserved in the next of its budgets. */
  void add(Charge charge) {
    flowing |= charge.rate.cost().flows();
    Charge last = first;
    if (last == null) {
      first = charge;
      return;
    }
    while (last.next != null) {
      last = last.next;
    }
    last.next = charge;
  }

  /** Milliseconds since 1970 of a moment of its exchange, about; asks no clock. */
  long millis(long nanos) {
    return (epochNanos + nanos) / NANOS_PER_MILLI;
  }

  /** In how many budgets. */
  int size() {
    return tariff.size();
  }

  /** Whose bytes show that it is alive. */
  void of(Exchange exchange) {
    this.exchange = exchange;
  }

  /** The service that it is for, or empty. */
  String service() {
    return tariff.serviceName();
  }

  /** Under which its cost is summed up besides its service. */
  Labels labels(Labels.Recent recent, String day) {
    Region region = exchange == null ? null : exchange.region();
    return recent.of(tier, day, region == null ? null : region.name());
  }

  /** What the head or the trailers of an answer say of its cost. */
  void read(MultiMap fields) {
    for (Charge charge = first; charge != null; charge = charge.next) {
      charge.read(fields);
    }
  }

  @Override
  public boolean chargesAttempts() {
    for (Charge charge = first; charge != null; charge = charge.next) {
      if (charge.byAttempt()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean again(Exchange exchange) {
    long[] micros = each(charge -> charge.attempt(exchange));
    boolean paid = !settled && slices.again(this, micros);
    if (paid) {
      lose(micros, 1);
      furthers = furthers == null ? new ArrayDeque<>() : furthers;
      furthers.push(micros);
    }
    return paid;
  }

  @Override
  public void unsent() {
    long[] micros = settled || furthers == null ? null : furthers.poll();
    if (micros != null) {
      lose(micros, -1);
      int i = 0;
      for (Charge charge = first; charge != null; charge = charge.next) {
        less(charge, micros[i++]);
      }
    }
  }

  private void lose(long[] micros, int sign) {
    int i = 0;
    for (Charge charge = first; charge != null; charge = charge.next) {
      charge.lose(sign * micros[i++]);
    }
  }

  /** Micro-units by budget. */
  private long[] each(ToLongFunction<Charge> micros) {
    long[] each = new long[size()];
    int i = 0;
    for (Charge charge = first; charge != null; charge = charge.next) {
      each[i++] = micros.applyAsLong(charge);
    }
    return each;
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
      return Refused.expired(Objects.requireNonNull(first));
    }
    for (Charge charge = flowing ? first : null; charge != null; charge = charge.next) {
      long due = charge.due(exchange, in, out, nowNanos);
      if (charge.isRevalued() && due > charge.held) {
        return Refused.revalued(charge);
      }
      if (charge.isLow(due) && !charge.isRevalued()) {
        Refused refused = refused(charge, due);
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
    Open loop = open;
    if (waiting == null || loop == null) {
      return false;
    }
    waiting.keeper().await(() -> loop.execute(again));
    return true;
  }

  @Override
  public long sliceBytes() {
    long bytes = Long.MAX_VALUE;
    for (Charge charge = first; charge != null; charge = charge.next) {
      bytes = Math.min(bytes, charge.sliceBytes());
    }
    return bytes;
  }

  @Override
  public long sliceNanos() {
    long nanos = Long.MAX_VALUE;
    for (Charge charge = first; charge != null; charge = charge.next) {
      nanos = Math.min(nanos, charge.sliceNanos());
    }
    return nanos;
  }

  @Override
  public long nextNanos(Exchange exchange, long nowNanos) {
    long next = NEVER_NANOS;
    for (Charge charge = flowing ? first : null; charge != null; charge = charge.next) {
      next = Math.min(next, charge.lowNanos(exchange, nowNanos, NEVER_NANOS));
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
    return each(charge -> charge.held);
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
    ServiceConfig service = Tariff.service(exchange);
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
