package app.avalo.gateway.run;

import app.avalo.gateway.alert.Webhook;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.edge.client.OpenConnections;
import app.avalo.gateway.filter.beacon.Beacons;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.geo.GeoDatabaseWatch;
import app.avalo.gateway.filter.geo.GeoLocator;
import app.avalo.gateway.filter.identity.Identities;
import app.avalo.gateway.filter.latency.CheckedTrips;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.limit.LimitAdmin;
import app.avalo.gateway.filter.limit.Limits;
import app.avalo.gateway.filter.limit.Resets;
import app.avalo.gateway.filter.limit.open.Ceilings;
import app.avalo.gateway.filter.limit.override.OverrideDesk;
import app.avalo.gateway.filter.limit.shared.Replicas;
import app.avalo.gateway.filter.pin.PinAdmin;
import app.avalo.gateway.filter.pin.PinCounters;
import app.avalo.gateway.filter.pin.PinKeys;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.keep.Keepers;
import app.avalo.gateway.region.HealthMonitor;
import app.avalo.gateway.region.probe.HttpProber;
import app.avalo.gateway.reload.CurrentPlan;
import app.avalo.gateway.report.MonthEnd;
import app.avalo.gateway.report.Reports;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Future;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * State that all event loops share and that outlives every plan; each part is safe from every
 * thread.
 */
public final class Shared {
  private final ControlVerticle control;
  private final CurrentPlan plan;
  private final HealthMonitor health;
  private final Stores stores;
  private final Webhook webhook;
  private final BudgetLedger ledger;
  private final MonthEnd monthEnd;
  private final Observed observed;
  private final Identities identities;
  private final GeoLocator locator = new GeoLocator();
  private final LatencyModel latencies = LatencyModel.ofHeap(Ticker.SYSTEM);
  private final Beacons beacons = new Beacons(latencies, Ticker.SYSTEM);
  private final Learned learned;
  private final GeoDatabaseWatch database;
  private final GeoDatabaseWatch networks;
  private final Keepers keepers;
  private volatile Consumer<String> lost = region -> {}; // onLost()
  private final Limits limits;
  private @Nullable Replicas replicas; // open()
  private @Nullable Resets resets; // open()
  private final OverrideDesk overrides;
  private final PinKeys pinKeys = new PinKeys();
  private final PinCounters pinCounters = new PinCounters();
  private final Ceilings ceilings = new Ceilings();
  private final OpenConnections openConnections = new OpenConnections();

  Shared(
      ControlVerticle control,
      CurrentPlan plan,
      HealthMonitor health,
      Stores stores,
      Observed observed,
      UpstreamTrust trust) {
    this.control = control;
    this.plan = plan;
    this.health = health;
    this.stores = stores;
    this.webhook =
        new Webhook(
            control.vertx(),
            control.executor(),
            control.timers(),
            Ticker.SYSTEM,
            () -> plan.get().config());
    StateConfig.Redis redis = plan.get().config().state().redis();
    int replicas = redis == null ? 1 : redis.replicas();
    this.ledger = Ledgers.of(control, stores, webhook, replicas);
    health.recoveries().onLate(recovery -> webhook.send(Ledgers.late(recovery)));
    this.monthEnd =
        new MonthEnd(
            control.vertx(),
            control.timers(),
            Ticker.SYSTEM,
            new Reports(ledger.desk(), Ticker.SYSTEM),
            webhook,
            plan::get);
    this.observed = observed;
    this.database = new GeoDatabaseWatch(locator, () -> plan.get().config().placing().database());
    health.onRoundTrip(new CheckedTrips(plan::get, latencies, Ticker.SYSTEM)::took);
    this.learned = new Learned(control, latencies, plan.get().config().state());
    this.networks =
        GeoDatabaseWatch.ofNetworks(
            locator, () -> plan.get().config().placing().latency().networks());
    this.keepers =
        new Keepers(
            new Keepers.Control(
                UUID.randomUUID().toString(),
                control.executor(),
                control.timers(),
                Ticker.SYSTEM,
                HttpProber.of(control.vertx(), control.timers(), trust),
                region -> lost.accept(region)),
            health,
            group -> stores.cells(group, control));
    this.limits = new Limits(Ticker.SYSTEM, replicas);
    this.overrides =
        new OverrideDesk(stores.overrides(control), limits.overrides(), control.timers());
    this.identities = new Identities(control.vertx(), Ticker.SYSTEM, control.timers());
  }

  /** Opens what is read from outside; a file that is missing delays nothing and fails nothing. */
  Future<Shared> open(Plan first) {
    control.executor().execute(webhook::start);
    ledger.configure(first);
    control.executor().execute(this::countReplicas);
    control.executor().execute(this::followResets);
    control.executor().execute(() -> Ledgers.sweep(control, ledger));
    control.executor().execute(overrides::start);
    control.executor().execute(monthEnd::start);
    return Future.join(
            learned.open(),
            database.start(control.vertx(), control.timers()),
            networks.start(control.vertx(), control.timers()),
            keepers.follow(first))
        .map(started -> this);
  }

  private void countReplicas() {
    RedisLink redis = control.redis();
    if (redis != null) {
      replicas = Replicas.count(redis, stores.prefix(), limits::replicas);
    }
  }

  private void followResets() {
    RedisLink redis = control.redis();
    if (redis != null) {
      resets = new Resets(redis, stores.prefix(), this::filled);
      resets.start();
    }
  }

  /** Another gateway was told to; a policy that is not known here has no buckets. */
  private void filled(String policy, String key) {
    LimitConfig known = plan.get().config().limits().get(policy);
    if (known != null) {
      limitAdmin().filled(known, key);
    }
  }

  private void leave() {
    if (replicas != null) {
      replicas.leave();
    }
  }

  /** Makes ready what a plan needs, before any request can see it. */
  Future<Void> prepare(Plan next) {
    identities.prepare(next.config().identity());
    ledger.configure(next);
    return keepers.follow(next);
  }

  /** Writes out what must survive and lets go of files. */
  Future<Void> close() {
    control.executor().execute(this::leave);
    database.stop();
    networks.stop();
    identities.close();
    webhook.close();
    return Ledgers.leave(control, ledger)
        .eventually(() -> keepers.close())
        .eventually(() -> learned.close())
        .eventually(() -> stores.close())
        .onComplete(closed -> observed.close());
  }

  public Observed observed() {
    return observed;
  }

  public HealthMonitor health() {
    return health;
  }

  /** Where alerts go. */
  public Webhook webhook() {
    return webhook;
  }

  public BudgetLedger ledger() {
    return ledger;
  }

  public GeoDatabaseWatch database() {
    return database;
  }

  public GeoDatabaseWatch networks() {
    return networks;
  }

  public GeoLocator locator() {
    return locator;
  }

  /** What is learned of round trips. */
  public LatencyModel latencies() {
    return latencies;
  }

  /** What clients report of round trips. */
  public Beacons beacons() {
    return beacons;
  }

  public Limits limits() {
    return limits;
  }

  /** Takes operators' orders for single callers; for the control loop. */
  OverrideDesk overrides() {
    return overrides;
  }

  public PinCounters pinCounters() {
    return pinCounters;
  }

  public Ceilings ceilings() {
    return ceilings;
  }

  public OpenConnections openConnections() {
    return openConnections;
  }

  /** Tells, on the control loop, of regions whose users were moved away and that look dead. */
  void onLost(Consumer<String> listener) {
    lost = listener;
  }

  /** The maps of all groups. */
  public Keepers keepers() {
    return keepers;
  }

  /** Looks for pinned users; for the control loop. */
  public PinAdmin pins() {
    return new PinAdmin(stores.homes(control.redis()), keepers::of, control.timers());
  }

  /** Looks at and resets buckets; for the control loop. */
  public LimitAdmin limitAdmin() {
    return new LimitAdmin(limits, control.redis(), stores.prefix(), resets);
  }

  /** The loop that owns what is not on the way of a request. */
  public ControlVerticle control() {
    return control;
  }

  Stores stores() {
    return stores;
  }

  Identities identities() {
    return identities;
  }

  PinKeys pinKeys() {
    return pinKeys;
  }

  /** Prefix of keys in Redis. */
  static String prefix(StateConfig state) {
    return state.redis() == null ? "avalo" : state.redis().prefix();
  }
}
