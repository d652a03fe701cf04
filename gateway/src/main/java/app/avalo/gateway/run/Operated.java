package app.avalo.gateway.run;

import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.LoopView;
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

/** The gateway as its operators see and steer it. */
final class Operated implements Controls {
  private final Gateway gateway;
  private final Shared shared;

  Operated(Gateway gateway) {
    this.gateway = gateway;
    this.shared = gateway.shared();
  }

  @Override
  public Plan plan() {
    return gateway.plan();
  }

  @Override
  public HealthMonitor health() {
    return shared.health();
  }

  @Override
  public BudgetLedger ledger() {
    return shared.ledger();
  }

  @Override
  public GeoLocator locator() {
    return shared.locator();
  }

  @Override
  public GeoStatus geo() {
    return shared.database().status();
  }

  @Override
  public GeoStatus networks() {
    return shared.networks().status();
  }

  @Override
  public LatencyModel latencies() {
    return shared.latencies();
  }

  @Override
  public Limits limits() {
    return shared.limits();
  }

  @Override
  public LimitAdmin limitAdmin() {
    return shared.limitAdmin();
  }

  @Override
  public OverrideDesk overrides() {
    return shared.overrides();
  }

  @Override
  public PinAdmin pins() {
    return shared.pins();
  }

  @Override
  public Keepers keepers() {
    return shared.keepers();
  }

  @Override
  public Executor controlLoop() {
    return shared.control().executor();
  }

  @Override
  public ReloadStatus lastReload() {
    return gateway.lastReload();
  }

  @Override
  public Future<ReloadStatus> reload(String cause) {
    return gateway.reload(cause);
  }

  @Override
  public Future<Exchange> explain(Exchange.Head head) {
    return gateway.explain(head);
  }

  @Override
  public boolean stopping() {
    return gateway.stopping();
  }

  @Override
  public int inFlight() {
    return gateway.inFlight();
  }

  @Override
  public int openConnections() {
    return shared.openConnections().count();
  }

  @Override
  public Map<String, Integer> webSockets() {
    return shared.ceilings().webSockets().open();
  }

  @Override
  public Map<String, Integer> streams() {
    return shared.ceilings().streams().open();
  }

  @Override
  public MetricsPage metrics() {
    return shared.observed().page();
  }

  @Override
  public List<LoopView> loops() {
    return List.copyOf(gateway.loops());
  }
}
