package app.avalo.gateway.admin.api;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.geo.GeoLocator;
import app.avalo.gateway.filter.geo.GeoStatus;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.limit.LimitAdmin;
import app.avalo.gateway.filter.limit.Limits;
import app.avalo.gateway.filter.limit.override.OverrideDesk;
import app.avalo.gateway.filter.pin.PinAdmin;
import app.avalo.gateway.keep.Keepers;
import app.avalo.gateway.observe.MetricsPage;
import app.avalo.gateway.region.HealthMonitor;
import app.avalo.gateway.reload.ReloadStatus;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

/** The process as operators see and steer it; safe from every thread. */
public interface Controls {
  Plan plan();

  HealthMonitor health();

  BudgetLedger ledger();

  GeoLocator locator();

  /** The database of places. */
  GeoStatus geo();

  /** The database of networks. */
  GeoStatus networks();

  LatencyModel latencies();

  Limits limits();

  /** To be made and used on the control loop. */
  LimitAdmin limitAdmin();

  /** Takes orders for single callers; for the control loop. */
  OverrideDesk overrides();

  /** To be made and used on the control loop. */
  PinAdmin pins();

  /** The maps of all groups of pins. */
  Keepers keepers();

  /** Runs tasks on the control loop. */
  Executor controlLoop();

  ReloadStatus lastReload();

  Future<ReloadStatus> reload(String cause);

  /** Says what would happen to a request, without doing it. */
  Future<Exchange> explain(Exchange.Head head);

  /** Whether the process is on its way out. */
  boolean stopping();

  /** Exchanges and WebSockets that are not over. */
  int inFlight();

  /** Connections of clients. */
  int openConnections();

  /** Open WebSockets by service. */
  Map<String, Integer> webSockets();

  /** Open event streams and gRPC calls by service. */
  Map<String, Integer> streams();

  /** Everything that is measured; rendered on a worker. */
  MetricsPage metrics();

  /** Each event loop that serves clients. */
  List<LoopView> loops();
}
