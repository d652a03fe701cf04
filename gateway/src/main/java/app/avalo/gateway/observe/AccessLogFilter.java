package app.avalo.gateway.observe;

import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.time.Ticker;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One JSON line per exchange: failures always, successes by the configured share. Formats into a
 * buffer of its own and hands the bytes to the loop's ring. One per event loop.
 */
public final class AccessLogFilter implements Filter {
  private static final int PATH = 512;
  private static final int HOST = 255;
  private static final int NAME = 128;
  private static final int METHOD = 32;

  /** A character takes six bytes at most. */
  private static final int CAPACITY = 6 * (PATH + HOST + 10 * NAME + METHOD) + 1024;

  private final AccessLog log;
  private final LineRing ring;
  private final Ticker ticker;
  private final JsonLine line = new JsonLine(CAPACITY);
  private double owed; // this loop: successes owed to the sample

  /** A filter for one more event loop. */
  public AccessLogFilter(AccessLog log, Ticker ticker) {
    this.log = log;
    this.ring = log.ring();
    this.ticker = ticker;
  }

  @Override
  public void request(Exchange exchange, Next next) {
    next.proceed(exchange);
  }

  @Override
  public void end(Exchange exchange) {
    if (exchange.explaining() || !log.isOn() || !wanted(exchange)) {
      return;
    }
    format(exchange);
    ring.offer(line.bytes(), line.length());
    if (ring.filling()) {
      log.hurry();
    }
  }

  private boolean wanted(Exchange exchange) {
    if (exchange.error() != null || exchange.status() >= 400 || exchange.status() == 0) {
      return true;
    }
    owed += exchange.plan().config().accessLog().sample();
    if (owed < 1) {
      return false;
    }
    owed -= 1;
    return true;
  }

  private void format(Exchange exchange) {
    Target target = exchange.target();
    Region region = exchange.region();
    Caller caller = exchange.caller();
    GatewayError error = exchange.error();
    line.begin()
        .time("time", ticker.epochMillis())
        .text("id", exchange.head().id(), NAME)
        .text("method", exchange.method(), METHOD)
        .text("host", exchange.host(), HOST)
        .text("path", exchange.path(), PATH)
        .text("route", exchange.routed() ? exchange.route().name() : null, NAME)
        .text("service", target == null ? null : target.service().name(), NAME)
        .text("region", region == null ? null : region.name(), NAME)
        .number("status", exchange.status())
        .millis("duration_ms", exchange.endNanos() - exchange.startNanos());
    if (exchange.firstByteNanos() != 0) {
      line.millis("first_byte_ms", exchange.firstByteNanos() - exchange.startNanos());
    }
    line.number("attempts", exchange.attempts())
        .number("bytes_in", exchange.bytesIn())
        .number("bytes_out", exchange.bytesOut())
        .text("client", exchange.client().toString(), NAME)
        .text("user", caller.user(), NAME)
        .text("key", caller.apiKey(), NAME)
        .text("tier", caller.tier(), NAME)
        .text("country", exchange.place().country(), NAME)
        .text("limit", refusing(exchange.limits()), NAME)
        .text("error", error == null ? null : error.kind().label(), NAME)
        .text("rule", error == null ? null : error.rule(), NAME)
        .end();
  }

  private static @Nullable String refusing(List<LimitVerdict> verdicts) {
    if (verdicts.isEmpty()) {
      return null;
    }
    LimitVerdict last = verdicts.get(verdicts.size() - 1);
    return last.allowed() ? null : last.policy().name();
  }
}
