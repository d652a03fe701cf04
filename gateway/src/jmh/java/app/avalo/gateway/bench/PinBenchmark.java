package app.avalo.gateway.bench;

import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.pin.GroupMap;
import app.avalo.gateway.filter.pin.PinCounters;
import app.avalo.gateway.filter.pin.PinFilter;
import app.avalo.gateway.filter.pin.PinKeys;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.PinMap;
import app.avalo.gateway.filter.pin.keep.View;
import app.avalo.gateway.filter.pin.store.LocalHomeStore;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a pinned request costs: cookie check plus lookup, 1 us at most, whether one client comes
 * again and again or very many in turn; and what it costs to verify a cookie that is not known,
 * here one that was forged.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgs = {"-Xms1g", "-Xmx1g"}) // room for 100,000 exchanges, which are not what is measured
public class PinBenchmark {
  private static final String YAML =
      """
      listeners: [{name: public, address: "127.0.0.1:8080"}]
      regions:
        eu: {index: 0, latitude: 52.5, longitude: 13.4}
      services:
        chat: {regions: {eu: "http://127.0.0.1:1"}, pin: {contract: move}}
        wallet: {regions: {eu: "http://127.0.0.1:1"}, pin: {contract: single-home}}
      routes:
        - {name: chat, match: {path: /chat}, service: chat}
        - {name: wallet, match: {path: /wallet}, service: wallet}
      """;

  /** One that never changes, under a lease that never ends. */
  private static final GroupMap MAP =
      new GroupMap() {
        private final View view =
            new View(PinMap.EMPTY, Ticker.SYSTEM.nanos() + (1L << 60), 1L << 60);

        @Override
        public View view() {
          return view;
        }

        @Override
        public void witness(CellKey key, long epoch) {}

        @Override
        public void met(int home, long bits) {}

        @Override
        public void ended(Owner owner, boolean failed, long nanos) {}

        @Override
        public void move(CellKey user, int region, String why) {}
      };

  @Param({"1", "2000", "100000"})
  public int clients;

  @Param({"chat", "wallet"})
  public String service = "";

  private final PinFilter filter =
      new PinFilter(
          group -> MAP,
          LocalHomeStore.inMemory(Ticker.SYSTEM),
          new PinKeys(),
          new PinCounters(),
          Ticker.SYSTEM);
  private Exchange[] exchanges = {};
  private Exchange[] forgeries = {};
  private int at;

  /** Lets every client come once, so that it has a cookie. */
  @Setup
  public void meet() {
    if (!(ConfigLoader.parse("bench.yaml", YAML) instanceof Loaded.Valid valid)) {
      throw new IllegalStateException(ConfigLoader.parse("bench.yaml", YAML).toString());
    }
    Plan plan = Plan.compile(valid.config());
    Next nothing = new Nothing();
    exchanges = new Exchange[clients];
    forgeries = new Exchange[clients];
    for (int i = 0; i < clients; i++) {
      Exchange first = exchange(plan, "user-" + i, null);
      filter.request(first, nothing);
      first.attempt(plan.regions().get(0));
      Reply.Local answer = Reply.Local.empty(200);
      filter.response(first, answer);
      String set = answer.headers().get(HttpHeaders.SET_COOKIE);
      String cookie = "theme=dark; lang=pl; " + set.substring(0, set.indexOf(';'));
      exchanges[i] = exchange(plan, "user-" + i, cookie);
      int middle = cookie.length() / 2 + 10;
      char other = cookie.charAt(middle) == 'B' ? 'C' : 'B';
      forgeries[i] =
          exchange(
              plan,
              "user-" + i,
              cookie.substring(0, middle) + other + cookie.substring(middle + 1));
    }
  }

  private Exchange exchange(Plan plan, String user, String cookie) {
    MultiMap headers = HttpHeaders.headers();
    if (cookie != null) {
      headers.add(HttpHeaders.COOKIE, cookie);
    }
    Exchange.Head head =
        new Exchange.Head(
            "GET", "api.avalo.app", "/", null, headers, IpAddress.v4(1), false, true, "id");
    HttpServerRequest none = null;
    Exchange exchange = Exchange.live(plan, head, none, 0);
    for (Route route : plan.routes()) {
      if (route.name().equals(service)) {
        exchange.routeTo(route);
      }
    }
    exchange.caller(new Caller(user, null, "authenticated", Set.of()));
    exchange.placed(Place.UNKNOWN, RegionPreference.of(plan.regions()));
    return exchange;
  }

  /** The rest of a pipeline that does nothing. */
  private static final class Nothing implements Next {
    @Override
    public void proceed(Exchange exchange) {}

    @Override
    public void reply(Exchange exchange, Reply.Local reply) {
      throw new IllegalStateException("refused");
    }
  }

  private final Next nothing = new Nothing();

  /** The whole filter on the way up, and the question before a write is sent. */
  @Benchmark
  public Pinned request() {
    at = at + 1 == clients ? 0 : at + 1;
    Exchange exchange = exchanges[at];
    filter.request(exchange, nothing);
    Pinned pin = exchange.pin();
    return pin.mayWrite(0) ? pin : null;
  }

  /** The same with a cookie that somebody else made: it is verified, and the home looked up. */
  @Benchmark
  public Pinned forged() {
    at = at + 1 == clients ? 0 : at + 1;
    Exchange exchange = forgeries[at];
    filter.request(exchange, nothing);
    return exchange.pin();
  }
}
