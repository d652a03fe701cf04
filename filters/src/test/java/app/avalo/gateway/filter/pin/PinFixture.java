package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.ServiceConfig.PinBy;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.unit.Secret;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.pin.store.Home;
import app.avalo.gateway.filter.pin.store.HomeStore;
import app.avalo.gateway.filter.pin.store.LocalHomeStore;
import app.avalo.gateway.filter.pin.store.PinKey;
import app.avalo.gateway.filter.redis.StoreUnavailable;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One gateway's pin filter, its maps and stores, and a client with its cookie. */
final class PinFixture {
  static final int CHAT = 0;
  static final int WALLET = 1;
  static final int FEED = 2;
  static final int ROOMS = 3;
  static final int CALLS = 4;

  final VirtualTime time = new VirtualTime();
  final PinCounters counters = new PinCounters();
  final CountedHomes homes = new CountedHomes(LocalHomeStore.inMemory(time));
  final KeptGroup chat = new KeptGroup(time);
  final KeptGroup wallet = new KeptGroup(time);
  final KeptGroup rooms = new KeptGroup(time);
  final KeptGroup calls = new KeptGroup(time);
  Plan plan = plan(new PinConfig.Key(1, new Secret("0123456789abcdef0123456789abcdef")));
  final PinFilter filter =
      new PinFilter(
          Map.<String, GroupMap>of("chat", chat, "wallet", wallet, "rooms", rooms, "calls", calls)
              ::get,
          homes,
          new PinKeys(),
          counters,
          time);

  PinFixture() {
    time.advance(Duration.ofSeconds(2)); // the first lease wait is over
  }

  void daysPass(int days) {
    chat.idle = true;
    wallet.idle = true;
    rooms.idle = true;
    calls.idle = true;
    time.advance(Duration.ofDays(days));
  }

  static Plan plan(PinConfig.Key... keys) {
    return Plans.minimal()
        .service(Plans.service("chat", new Pin("chat", Contract.MOVE)))
        .service(Plans.service("wallet", new Pin("wallet", Contract.SINGLE_HOME)))
        .service(Plans.service("feed", null))
        .service(
            Plans.service("rooms", new Pin("rooms", Contract.MOVE, PinBy.HEADER, "X-Room", null)))
        .service(Plans.service("calls", new Pin("calls", Contract.STAY, PinBy.SESSION, null, null)))
        .route(Routes.to("chat").name("chat").build())
        .route(Routes.to("wallet").name("wallet").build())
        .route(Routes.to("feed").name("feed").build())
        .route(Routes.to("rooms").name("rooms").build())
        .route(Routes.to("calls").name("calls").build())
        .pins(new PinConfig("gwpin", List.of(keys), Duration.ofDays(30)))
        .compile();
  }

  Region region(String name) {
    Region region = plan.region(name);
    if (region == null) {
      throw new AssertionError("no region " + name);
    }
    return region;
  }

  /** What a service is told of a pin now. */
  MultiMap told(Pinned pin) {
    MultiMap headers = MultiMap.caseInsensitiveMultiMap();
    pin.tell(headers, "id-1", time.nanos());
    return headers;
  }

  /** Somebody who keeps the cookie. */
  final class Client {
    private final @Nullable String user;
    @Nullable String cookie;

    Client(@Nullable String user) {
      this.user = user;
    }

    Exchanges asks(int route) {
      Exchanges exchanges = Exchanges.on(plan).route(route);
      if (user != null) {
        exchanges.user(user);
      }
      return cookie == null ? exchanges : exchanges.header("Cookie", "a=b; gwpin=" + cookie);
    }

    /** The pin of a write before it is sent. */
    Pinned writes(int route, String... preference) {
      Exchange exchange = placed(asks(route).method("POST").live(), preference);
      if (!Outcome.of(filter, exchange).proceeded()) {
        throw new AssertionError("refused");
      }
      return exchange.pin();
    }

    /** The pin after a request that the pinned region served. */
    Pinned served(int route, String... preference) {
      Exchange exchange = placed(asks(route).live(), preference);
      if (!Outcome.of(filter, exchange).proceeded()) {
        throw new AssertionError("refused");
      }
      return answered(exchange);
    }

    /** The forwarder's part: the pinned region serves, the answer goes back. */
    Pinned answered(Exchange exchange) {
      Pinned pin = exchange.pin();
      if (pin == null) {
        throw new AssertionError("not pinned");
      }
      exchange.attempt(pin.region());
      keep(exchange);
      return pin;
    }

    /** Takes the cookie out of the answer; gives the whole header or null. */
    @Nullable String keep(Exchange exchange) {
      Reply.Local reply = Reply.Local.empty(200);
      filter.response(exchange, reply);
      String set = reply.headers().get("set-cookie");
      if (set != null) {
        cookie = set.substring(set.indexOf('=') + 1, set.indexOf(';'));
      }
      return set;
    }
  }

  Exchange placed(Exchange exchange, String... preference) {
    List<Region> order = new ArrayList<>();
    for (String name : preference) {
      order.add(region(name));
    }
    exchange.placed(Place.UNKNOWN, RegionPreference.of(order));
    return exchange;
  }

  /** Counts the calls that may leave the process; fails them while it is down. */
  static final class CountedHomes implements HomeStore {
    private final HomeStore behind;
    int calls;
    boolean down;

    CountedHomes(HomeStore behind) {
      this.behind = behind;
    }

    private <T> Future<T> call(java.util.function.Supplier<Future<T>> call) {
      calls++;
      return down ? Future.failedFuture(new StoreUnavailable("down")) : call.get();
    }

    @Override
    public int known(PinKey key, Duration ttl) {
      return behind.known(key, ttl);
    }

    @Override
    public Future<@Nullable Home> find(PinKey key) {
      return call(() -> behind.find(key));
    }

    @Override
    public Future<Home> claim(PinKey key, int region, Duration ttl) {
      return call(() -> behind.claim(key, region, ttl));
    }

    @Override
    public Scan scan() {
      return behind.scan();
    }
  }
}
