package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.ServiceConfig.PinBy;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Filter;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.pin.PinCookie.Tenure;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.store.Home;
import app.avalo.gateway.filter.pin.store.HomeStore;
import app.avalo.gateway.filter.pin.store.PinKey;
import app.avalo.gateway.filter.time.Ticker;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds the region that owns a caller, for services that bind: the cookie or this process knows the
 * home, the map of cells the owner. Only the first contact of a known user asks a store. Runs after
 * geo, whose preference it needs.
 */
public final class PinFilter implements Filter {
  private static final long RETRY_AFTER_SECONDS = 1;

  private final Function<String, GroupMap> maps;
  private final HomeStore homes;
  private final PinKeys keys;
  private final PinCounters counters;
  private final Ticker ticker;
  private @Nullable PinCookies cookies; // the event loop: of the latest configuration seen

  /**
   * The filter of one event loop.
   *
   * @param maps by group; shared by all loops
   * @param homes of this loop, or one for all
   * @param keys one for all loops
   * @param counters one for all loops
   */
  public PinFilter(
      Function<String, GroupMap> maps,
      HomeStore homes,
      PinKeys keys,
      PinCounters counters,
      Ticker ticker) {
    this.maps = maps;
    this.homes = homes;
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
    } else {
      bind(exchange, pin, next);
    }
  }

  /**
   * Finds the region that owns the caller of a placed exchange, who is bound to the first of its
   * preference if new: proceeds with the pin, or replies why there is none.
   */
  public void bind(Exchange exchange, Pin pin, Next next) {
    RegionPreference preference = Objects.requireNonNull(exchange.preference());
    Visit visit = visit(exchange, pin);
    Tenure tenure = visit.tenure(pin.group());
    if (tenure != null) {
      settle(visit, pin, tenure.home(), "cookie", next);
    } else if (visit.isSession()) {
      settle(visit, pin, index(preference.get(0)), "new", next);
    } else {
      look(visit, pin, preference.get(0), next);
    }
  }

  private Visit visit(Exchange exchange, Pin pin) {
    PinCookies current = cookies(exchange.plan().config().pins());
    PinIdentity named = named(exchange, pin);
    GroupMap map = maps.apply(pin.group());
    if (named != null) {
      return new Visit(exchange, map, current, null, named);
    }
    boolean session = pin.by() == PinBy.SESSION;
    Caller caller = session ? Caller.ANONYMOUS : exchange.caller();
    PinCookie cookie =
        current.find(exchange.head().headers(), caller, session, ticker.epochMillis());
    PinIdentity identity = cookie != null ? cookie.identity() : PinIdentity.of(caller);
    return new Visit(
        exchange, map, current, cookie, identity != null ? identity : keys.newSession());
  }

  /** Whom a header names; strangers could fill the store with names. */
  private static @Nullable PinIdentity named(Exchange exchange, Pin pin) {
    if (pin.header() == null || !exchange.caller().known()) {
      return null;
    }
    String value = exchange.head().headers().get(pin.header());
    return value == null || value.isEmpty() ? null : PinIdentity.header(pin.header(), value);
  }

  private PinCookies cookies(PinConfig config) {
    PinCookies current = cookies;
    if (current == null || current.config() != config && !current.config().equals(config)) {
      current = new PinCookies(config, keys, counters);
      cookies = current;
    }
    return current;
  }

  /** A known user without a cookie: this process may remember the home, else the store tells. */
  private void look(Visit visit, Pin pin, Region first, Next next) {
    PinKey key = visit.identity().key(pin.group());
    int known = homes.known(key, visit.ttl());
    if (known != HomeStore.UNKNOWN) {
      settle(visit, pin, known, "store", next);
    } else if (visit.exchange().explaining()) {
      homes
          .find(key)
          .onSuccess(
              home ->
                  settle(
                      visit,
                      pin,
                      home == null ? index(first) : home.region(),
                      home == null ? "new" : "store",
                      next))
          .onFailure(down -> homeless(visit, pin, next));
    } else {
      homes
          .claim(key, index(first), visit.ttl())
          .onSuccess(home -> claimed(visit, pin, home, first, next))
          .onFailure(
              down -> {
                counters.add(Event.STORE_DOWN);
                homeless(visit, pin, next);
              });
    }
  }

  private void claimed(Visit visit, Pin pin, Home home, Region asked, Next next) {
    boolean ours = home.region() == index(asked);
    counters.add(Event.BOUND);
    settle(visit, pin, home.region(), ours ? "new" : "store", next);
  }

  /** Without a home: on every replica the same region for a user, where the contract allows it. */
  private void homeless(Visit visit, Pin pin, Next next) {
    if (pin.contract() == Contract.SINGLE_HOME) {
      refuse(
          visit.exchange(), pin, "It cannot be told which region owns this user; try again", next);
      return;
    }
    RegionPreference preference = visit.exchange().preference();
    Region best = null;
    long highest = Long.MIN_VALUE;
    for (int i = 0; preference != null && i < preference.size(); i++) {
      long score = (visit.identity().low() ^ index(preference.get(i))) * 0x9E3779B97F4A7C15L;
      score = (score ^ score >>> 32) * 0xD6E8FEB86659FD93L;
      if (best == null || score > highest) {
        highest = score;
        best = preference.get(i);
      }
    }
    if (best != null) {
      pinned(UserPin.homeless(visit, pin, best), next);
    }
  }

  private void settle(Visit visit, Pin pin, int home, String origin, Next next) {
    UserPin found = UserPin.of(visit, pin, home, origin);
    RegionPreference preference = visit.exchange().preference();
    if (preference == null || found != null && preference.indexOf(found.region()) >= 0) {
      if (found != null) {
        admitted(found, next);
      }
      return;
    }
    // The region is gone or may not serve this caller. A session begins anew, a user moves.
    Region to = preference.get(0);
    if (visit.isSession()) {
      UserPin anew = UserPin.of(visit.anew(keys.newSession()), pin, index(to), "new");
      if (anew != null && preference.indexOf(anew.region()) >= 0) {
        admitted(anew, next);
        return;
      }
    } else if (!visit.exchange().explaining()) {
      PinIdentity user = visit.identity();
      visit.map().move(user.cell(home), index(to), "the region may not serve the user");
      counters.add(Event.MOVED);
    }
    if (found == null) {
      refuse(visit.exchange(), pin, "The region that owns this user is not known here", next);
    } else {
      pinned(found, next);
    }
  }

  private void admitted(UserPin pin, Next next) {
    if (pin.witness()) {
      counters.add(Event.WITNESSED);
    }
    if (pin.contract() == Contract.SINGLE_HOME && pin.isBlind(ticker.nanos())) {
      refuse(
          pin.visit().exchange(),
          pin.pin(),
          "It cannot be told whether its region still owns this user; try again",
          next);
    } else {
      pinned(pin, next);
    }
  }

  private static int index(Region region) {
    return region.config().index();
  }

  private static void pinned(UserPin pin, Next next) {
    Exchange exchange = pin.visit().exchange();
    exchange.pin(pin);
    Explanation explanation = exchange.explanation();
    if (explanation != null) {
      explain(pin, explanation);
    }
    next.proceed(exchange);
  }

  private static void explain(UserPin pin, Explanation explanation) {
    String verdict = pin.origin().equals("new") ? "would be bound to " : "bound to ";
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("group", pin.group());
    facts.put("region", pin.region().name());
    facts.put("epoch", pin.epoch());
    facts.put("origin", pin.origin());
    facts.put("contract", pin.contract().name());
    explanation.add("pin", verdict + pin.region().name(), facts);
  }

  private void refuse(Exchange exchange, Pin pin, String detail, Next next) {
    Explanation explanation = exchange.explanation();
    if (explanation == null) {
      counters.add(Event.REFUSED);
    } else {
      explanation.add("pin", "refused: " + detail, Map.of("group", pin.group()));
    }
    next.reply(
        exchange,
        Reply.Local.of(
            new GatewayError(Kind.STORE_DOWN, "pin:" + pin.group(), detail, RETRY_AFTER_SECONDS)));
  }

  @Override
  public void end(Exchange exchange) {
    if (exchange.pin() instanceof UserPin pin && exchange.firstByteNanos() != 0) {
      boolean failed = exchange.status() >= 500 || exchange.error() != null;
      pin.ended(failed, exchange.firstByteNanos() - exchange.startNanos());
    } else if (exchange.pin() instanceof UserPin pin && exchange.wasSent()) {
      pin.ended(true, 0);
    }
  }

  @Override
  public void response(Exchange exchange, Reply reply) {
    if (!(exchange.pin() instanceof UserPin pin) || !pin.isWitnessed() || exchange.explaining()) {
      return;
    }
    Visit visit = pin.visit();
    PinCookie cookie = visit.cookie();
    Tenure carried = visit.tenure(pin.group());
    long now = ticker.epochMillis();
    boolean old = cookie != null && visit.cookies().isOld(cookie, now);
    boolean same = carried != null && carried.epoch() >= pin.epoch();
    if (same && !old || carried == null && exchange.region() == null) {
      return;
    }
    boolean session = pin.pin().by() == PinBy.SESSION;
    visit.cookies().give(renewed(pin, carried, now), session, exchange.head(), reply.headers());
    if (old && !visit.isSession()) {
      prolong(visit);
    }
  }

  private static PinCookie renewed(UserPin pin, @Nullable Tenure carried, long nowMillis) {
    Visit visit = pin.visit();
    long epoch = carried == null ? pin.epoch() : Math.max(carried.epoch(), pin.epoch());
    return PinCookie.with(
        visit.cookie(),
        visit.identity(),
        pin.group(),
        new Tenure(pin.home(), epoch),
        visit.cookies().expiresSeconds(nowMillis));
  }

  /** What the caller of a bound exchange shows wherever it goes by itself; null without a home. */
  public @Nullable String token(Exchange exchange) {
    if (!(exchange.pin() instanceof UserPin pin) || !pin.isWitnessed() || exchange.explaining()) {
      return null;
    }
    Visit visit = pin.visit();
    return visit.cookies().token(renewed(pin, visit.tenure(pin.group()), ticker.epochMillis()));
  }

  /** Behind the answer: what the store holds of a user lives as long as the renewed cookie. */
  private void prolong(Visit visit) {
    for (Service service : visit.exchange().plan().services()) {
      Pin pin = service.config().pin();
      Tenure tenure = pin == null ? null : visit.tenure(pin.group());
      if (pin != null && tenure != null) {
        homes
            .claim(visit.identity().key(pin.group()), tenure.home(), visit.ttl())
            .onFailure(down -> counters.add(Event.STORE_DOWN));
      }
    }
  }
}
