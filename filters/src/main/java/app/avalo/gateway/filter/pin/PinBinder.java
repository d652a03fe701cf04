package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.pin.PinCounters.Event;
import app.avalo.gateway.filter.pin.UserPin.Source;
import app.avalo.gateway.filter.pin.store.Binding;
import app.avalo.gateway.filter.pin.store.Binding.Cause;
import app.avalo.gateway.filter.pin.store.PinKey;
import app.avalo.gateway.filter.pin.store.PinStore;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which binding holds for a request, from what the cookie and the store say: the higher
 * counter, at equal counters the store. Confined to one event loop.
 */
final class PinBinder {
  private final PinStore store;
  private final PinCounters counters;
  private final Ticker ticker;

  /**
   * One request as this package sees it.
   *
   * @param binder of the exchange's loop
   * @param exchange the request
   * @param cookies under the exchange's configuration
   * @param cookie the caller's valid one, or null
   * @param identity the caller's; a new session for an anonymous one without cookie
   */
  record Visit(
      PinBinder binder,
      Exchange exchange,
      PinCookies cookies,
      @Nullable PinCookie cookie,
      PinIdentity identity) {

    /** What the cookie says of a group, or null. */
    @Nullable Binding witness(String group) {
      return cookie == null ? null : cookie.binding(group);
    }

    /** Life of a binding in the store; zero, which changes nothing there, when only explaining. */
    Duration ttl() {
      return exchange.explaining() ? Duration.ZERO : cookies.config().ttl();
    }

    /** Anonymous and never seen before: nobody else can know this identity yet. */
    boolean unheardOf() {
      return cookie == null && identity.kind() == PinIdentity.Kind.SESSION;
    }
  }

  PinBinder(PinStore store, PinCounters counters, Ticker ticker) {
    this.store = store;
    this.counters = counters;
    this.ticker = ticker;
  }

  /** The pin without asking the store, or null if it must be asked or the binding must move. */
  @Nullable UserPin atOnce(Visit visit, Pin pin, RegionPreference preference) {
    if (pin.contract() == Contract.SINGLE_HOME) {
      return null;
    }
    Binding witness = visit.witness(pin.group());
    if (witness == null) {
      return visit.unheardOf() ? proposal(visit, pin, preference.get(0)) : null;
    }
    Binding known = store.known(visit.identity().key(pin.group()));
    return known != null && known.counter() >= witness.counter()
        ? bound(visit, pin, known, known.equals(witness) ? Source.COOKIE : source(known, witness))
        : bound(visit, pin, witness, Source.COOKIE);
  }

  private static Source source(Binding known, Binding witness) {
    return known.epoch() == witness.epoch() ? Source.COOKIE : Source.STORE;
  }

  /**
   * The pin after asking the store. Fails when a single-home service needs an answer that the store
   * does not give.
   */
  Future<UserPin> ask(Visit visit, Pin pin, RegionPreference preference, boolean readOnly) {
    boolean singleHome = pin.contract() == Contract.SINGLE_HOME;
    Binding witness = visit.witness(pin.group());
    if (witness != null && !singleHome) {
      return allowed(visit, pin, preference, newest(visit, pin, witness));
    }
    PinKey key = visit.identity().key(pin.group());
    return store
        .read(key, visit.ttl())
        .compose(found -> settle(visit, pin, preference, witness, found))
        .recover(down -> without(visit, pin, preference, witness, readOnly, down));
  }

  private Found newest(Visit visit, Pin pin, Binding witness) {
    Binding known = store.known(visit.identity().key(pin.group()));
    return known != null && known.counter() >= witness.counter()
        ? new Found(known, source(known, witness))
        : new Found(witness, Source.COOKIE);
  }

  /** A binding and where it came from; its region may be unknown or not allowed. */
  private record Found(Binding binding, Source source) {}

  private Future<UserPin> settle(
      Visit visit,
      Pin pin,
      RegionPreference preference,
      @Nullable Binding witness,
      @Nullable Binding found) {
    boolean explaining = visit.exchange().explaining();
    if (witness != null && (found == null || found.counter() < witness.counter())) {
      if (explaining) {
        return allowed(visit, pin, preference, new Found(witness, Source.COOKIE));
      }
      return claim(visit, pin, stamped(witness), Event.REPAIRED)
          .compose(held -> allowed(visit, pin, preference, after(held, witness, Source.COOKIE)));
    }
    if (found != null) {
      return allowed(visit, pin, preference, new Found(found, Source.STORE));
    }
    UserPin proposal = proposal(visit, pin, preference.get(0));
    if (explaining || pin.contract() != Contract.SINGLE_HOME) {
      return Future.succeededFuture(proposal);
    }
    return claim(visit, pin, proposal.binding(), Event.BOUND)
        .compose(
            held -> allowed(visit, pin, preference, after(held, proposal.binding(), Source.NEW)));
  }

  private static Found after(Binding held, Binding asked, Source ifOurs) {
    return new Found(held, held.epoch() == asked.epoch() ? ifOurs : Source.STORE);
  }

  /** A binding known from a cookie only, as it is written into the store. */
  private Binding stamped(Binding witness) {
    return witness.sinceMillis() > 0
        ? witness
        : new Binding(witness.epoch(), witness.home(), ticker.epochMillis(), Cause.WITNESS);
  }

  private Future<Binding> claim(Visit visit, Pin pin, Binding binding, Event ifOurs) {
    return store
        .claim(visit.identity().key(pin.group()), binding, visit.ttl())
        .onSuccess(
            held -> {
              if (held.equals(binding)) {
                counters.add(ifOurs);
              }
            });
  }

  /** The pin of what was found, moved if its region is gone or may not serve this caller. */
  private Future<UserPin> allowed(Visit visit, Pin pin, RegionPreference preference, Found found) {
    UserPin bound = bound(visit, pin, found.binding(), found.source());
    if (bound != null && preference.indexOf(bound.region()) >= 0) {
      return Future.succeededFuture(bound);
    }
    Region to = preference.get(0);
    return move(new UserPin(visit, pin, found.binding(), to, found.source()), to, Cause.RESIDENCY)
        .compose(
            now ->
                preference.indexOf(now.region()) >= 0
                    ? Future.succeededFuture(now)
                    : Future.failedFuture(new StoreUnavailable("moved where it may not be")));
  }

  /** The service without its store: pinned by what is at hand, or not at all. */
  private Future<UserPin> without(
      Visit visit,
      Pin pin,
      RegionPreference preference,
      @Nullable Binding witness,
      boolean readOnly,
      Throwable down) {
    counters.add(Event.STORE_DOWN);
    Binding known = store.known(visit.identity().key(pin.group()));
    Binding best =
        known != null && (witness == null || known.counter() >= witness.counter())
            ? known
            : witness;
    UserPin bound = best == null ? null : bound(visit, pin, best, Source.COOKIE);
    boolean usable = bound != null && preference.indexOf(bound.region()) >= 0;
    if (pin.contract() == Contract.SINGLE_HOME) {
      return usable && readOnly ? Future.succeededFuture(bound) : Future.failedFuture(down);
    }
    if (best == null) {
      return Future.succeededFuture(proposal(visit, pin, preference.get(0)));
    }
    return usable
        ? Future.succeededFuture(bound)
        : Future.succeededFuture(
            alone(
                new UserPin(visit, pin, best, preference.get(0), Source.COOKIE),
                preference.get(0),
                Cause.RESIDENCY));
  }

  /** Binds to another region; completes with what holds then. */
  Future<UserPin> move(UserPin from, Region to, Cause cause) {
    Visit visit = from.visit();
    if (from.source() == Source.PROPOSED) {
      return Future.succeededFuture(proposal(visit, from.pin(), to));
    }
    if (visit.exchange().explaining()) {
      Binding next = Binding.moved(null, from.binding(), index(to), cause, ticker.epochMillis());
      return Future.succeededFuture(new UserPin(visit, from.pin(), next, to, Source.MOVED));
    }
    return store
        .move(from.key(), from.binding(), index(to), cause, visit.ttl())
        .compose(outcome -> moved(from, outcome))
        .recover(
            down -> {
              counters.add(Event.STORE_DOWN);
              return from.contract() == Contract.SINGLE_HOME
                  ? Future.failedFuture(down)
                  : Future.succeededFuture(alone(from, to, cause));
            });
  }

  private Future<UserPin> moved(UserPin from, PinStore.Outcome outcome) {
    counters.add(outcome.moved() ? Event.MOVED : Event.OVERTAKEN);
    Source source = outcome.moved() ? Source.MOVED : Source.STORE;
    UserPin now = bound(from.visit(), from.pin(), outcome.binding(), source);
    return now != null
        ? Future.succeededFuture(now)
        : Future.failedFuture(
            new StoreUnavailable("moved to a region that is not configured here"));
  }

  /** Moves without the store: this process and the cookie know; the next move tells the store. */
  private UserPin alone(UserPin from, Region to, Cause cause) {
    Binding next = Binding.moved(null, from.binding(), index(to), cause, ticker.epochMillis());
    if (!from.visit().exchange().explaining()) {
      store.remember(from.key(), next);
      counters.add(Event.MOVED);
    }
    return new UserPin(from.visit(), from.pin(), next, to, Source.ALONE);
  }

  private UserPin proposal(Visit visit, Pin pin, Region region) {
    Binding first = Binding.first(index(region), ticker.epochMillis());
    return new UserPin(visit, pin, first, region, Source.PROPOSED);
  }

  /** The pin of a binding, or null if the plan has no such region. */
  private static @Nullable UserPin bound(Visit visit, Pin pin, Binding binding, Source source) {
    List<Region> regions = visit.exchange().plan().regions();
    for (int i = 0; i < regions.size(); i++) {
      Region region = regions.get(i);
      if (index(region) == binding.region()) {
        return new UserPin(visit, pin, binding, region, source);
      }
    }
    return null;
  }

  private static int index(Region region) {
    return region.config().index();
  }

  /** Behind the answer: stores a proposal that the forwarder accepted. Nobody waits for it. */
  void accept(UserPin proposal) {
    if (proposal.visit().identity().kind() == PinIdentity.Kind.SESSION) {
      // lives in its cookie until it moves, or strangers could fill the store
      return;
    }
    claim(proposal.visit(), proposal.pin(), proposal.binding(), Event.BOUND).onFailure(this::lost);
  }

  /** Behind the answer: what the store holds of a user lives as long as the renewed cookie. */
  void prolong(Visit visit) {
    boolean session = visit.identity().kind() == PinIdentity.Kind.SESSION;
    for (Service service : visit.exchange().plan().services()) {
      Pin pin = service.config().pin();
      Binding witness = pin == null ? null : visit.witness(pin.group());
      if (pin == null || witness == null) {
        continue;
      }
      if (session) {
        store.read(visit.identity().key(pin.group()), visit.ttl()).onFailure(this::lost);
      } else {
        claim(visit, pin, stamped(witness), Event.REPAIRED).onFailure(this::lost);
      }
    }
  }

  private void lost(Throwable down) {
    counters.add(Event.STORE_DOWN);
  }
}
