package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.UserPin.Source;
import app.avalo.gateway.filter.pin.store.Binding;
import app.avalo.gateway.filter.pin.store.PinStore;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds the region that a caller is bound to, for services that bind. Runs after geo, whose
 * preference it needs. A caller with a valid cookie costs no store call, single-home services
 * excepted.
 *
 * <p>A first binding is a proposal that the forwarder may still change; for single-home services it
 * is in the store before the request goes on.
 */
public final class PinFilter implements Filter {
  private static final long RETRY_AFTER_SECONDS = 1;

  private final PinBinder binder;
  private final PinKeys keys;
  private final PinCounters counters;
  private final Ticker ticker;
  private @Nullable PinCookies cookies; // the event loop: of the latest configuration seen

  /**
   * The filter of one event loop.
   *
   * @param store of this loop, or one for all
   * @param keys one for all loops
   * @param counters one for all loops
   */
  public PinFilter(PinStore store, PinKeys keys, PinCounters counters, Ticker ticker) {
    this.binder = new PinBinder(store, counters, ticker);
    this.keys = keys;
    this.counters = counters;
    this.ticker = ticker;
  }

  @Override
  public void request(Exchange exchange, Next next) {
    Target target = exchange.target();
    Pin pin = target == null ? null : target.service().config().pin();
    RegionPreference preference = exchange.preference();
    if (pin == null || preference == null) {
      next.proceed(exchange);
      return;
    }
    PinBinder.Visit visit = visit(exchange);
    UserPin found = binder.atOnce(visit, pin, preference);
    if (found != null && preference.indexOf(found.region()) >= 0) {
      pinned(exchange, found, next);
      return;
    }
    Future<UserPin> asked = binder.ask(visit, pin, preference, readOnly(exchange));
    asked.onComplete(
        (answer, failure) -> {
          if (failure == null) {
            pinned(exchange, answer, next);
          } else {
            refuse(exchange, pin, next);
          }
        });
  }

  private PinBinder.Visit visit(Exchange exchange) {
    PinCookies current = cookies(exchange.plan().config().pins());
    PinCookie cookie =
        current.find(exchange.head().headers(), exchange.caller(), ticker.epochMillis());
    PinIdentity identity = cookie != null ? cookie.identity() : PinIdentity.of(exchange.caller());
    return new PinBinder.Visit(
        binder, exchange, current, cookie, identity != null ? identity : keys.newSession());
  }

  private PinCookies cookies(PinConfig config) {
    PinCookies current = cookies;
    if (current == null || current.config() != config && !current.config().equals(config)) {
      current = new PinCookies(config, keys, counters);
      cookies = current;
    }
    return current;
  }

  /** Whether the request changes nothing; an upgrade may carry anything. */
  private static boolean readOnly(Exchange exchange) {
    return switch (exchange.method()) {
      case "GET", "HEAD", "OPTIONS" -> !exchange.head().headers().contains(HttpHeaders.UPGRADE);
      default -> false;
    };
  }

  private static void pinned(Exchange exchange, UserPin pin, Next next) {
    exchange.pin(pin);
    Explanation explanation = exchange.explanation();
    if (explanation != null) {
      explain(pin, explanation);
    }
    next.proceed(exchange);
  }

  private static void explain(UserPin pin, Explanation explanation) {
    String verdict =
        switch (pin.source()) {
          case COOKIE, STORE -> "bound to ";
          case NEW, PROPOSED -> "would be bound to ";
          case MOVED, ALONE -> "would move to ";
        };
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("group", pin.group());
    facts.put("region", pin.region().name());
    facts.put("epoch", pin.epoch());
    facts.put("origin", pin.origin());
    facts.put("contract", pin.contract().name());
    explanation.add("pin", verdict + pin.region().name(), facts);
  }

  private void refuse(Exchange exchange, Pin pin, Next next) {
    Explanation explanation = exchange.explanation();
    if (explanation == null) {
      counters.add(Event.REFUSED);
    } else {
      explanation.add("pin", "refused: the store does not answer", Map.of("group", pin.group()));
    }
    next.reply(
        exchange,
        Reply.Local.of(
            new GatewayError(
                Kind.STORE_DOWN,
                "pin:" + pin.group(),
                "It cannot be told which region owns this user; try again",
                RETRY_AFTER_SECONDS)));
  }

  @Override
  public void response(Exchange exchange, Reply reply) {
    if (!(exchange.pin() instanceof UserPin pin) || exchange.explaining()) {
      return;
    }
    boolean proposed = pin.source() == Source.PROPOSED;
    if (proposed && exchange.region() == null) {
      return;
    }
    PinBinder.Visit visit = pin.visit();
    PinCookie cookie = visit.cookie();
    Binding carried = visit.witness(pin.group());
    boolean same = carried != null && carried.epoch() == pin.epoch();
    long now = ticker.epochMillis();
    boolean old = cookie != null && visit.cookies().isOld(cookie, now);
    if (same && !old) {
      return;
    }
    PinCookie renewed =
        PinCookie.with(
            cookie,
            visit.identity(),
            pin.group(),
            pin.binding(),
            visit.cookies().expiresSeconds(now));
    reply
        .headers()
        .add(HttpHeaders.SET_COOKIE, visit.cookies().setCookie(renewed, exchange.head().secure()));
    if (proposed) {
      binder.accept(pin);
    }
    if (old) {
      binder.prolong(visit);
    }
  }
}
