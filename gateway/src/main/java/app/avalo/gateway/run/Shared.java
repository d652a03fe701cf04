package app.avalo.gateway.run;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.geo.GeoDatabaseWatch;
import app.avalo.gateway.filter.geo.GeoLocator;
import app.avalo.gateway.filter.identity.Identities;
import app.avalo.gateway.filter.limit.ConnectionCeiling;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.HealthMonitor;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.atomic.AtomicInteger;

/** State that all event loops share; every part is safe from every thread. */
public final class Shared {
  private final HealthMonitor health;
  private final Identities identities;
  private final GeoLocator locator;
  private final GeoDatabaseWatch database;
  private final ConnectionCeiling ceiling = new ConnectionCeiling();
  private final AtomicInteger openConnections = new AtomicInteger();

  private Shared(
      HealthMonitor health, Identities identities, GeoLocator locator, GeoDatabaseWatch database) {
    this.health = health;
    this.identities = identities;
    this.locator = locator;
    this.database = database;
  }

  /** Opens everything; a file or store that is missing delays nothing and fails nothing. */
  static Future<Shared> open(Vertx vertx, CurrentPlan plan, HealthMonitor health) {
    Timers timers = Timers.of(vertx);
    GeoLocator locator = new GeoLocator();
    GeoDatabaseWatch database =
        new GeoDatabaseWatch(locator, () -> plan.get().config().placing().database());
    Identities identities = new Identities(vertx, Ticker.SYSTEM, timers);
    identities.prepare(plan.get().config().identity());
    Shared shared = new Shared(health, identities, locator, database);
    return database.start(vertx, timers).map(started -> shared);
  }

  /** Makes ready what a new plan needs. */
  Future<Void> prepare(Plan next) {
    identities.prepare(next.config().identity());
    return Future.succeededFuture();
  }

  Future<Void> close() {
    database.stop();
    identities.close();
    return Future.succeededFuture();
  }

  public HealthMonitor health() {
    return health;
  }

  Identities identities() {
    return identities;
  }

  public GeoLocator locator() {
    return locator;
  }

  public GeoDatabaseWatch database() {
    return database;
  }

  public ConnectionCeiling ceiling() {
    return ceiling;
  }

  public AtomicInteger openConnections() {
    return openConnections;
  }
}
