package app.avalo.gateway.observe;

import java.util.List;

/** Every metric that a part of the gateway counts itself: its name, kind, labels and meaning. */
public enum SourceMetric {
  BUDGET_SPENT("gateway_budget_spent_ratio", "Spent share of the period's amount.", "budget"),
  BUDGET_AMOUNT(
      "gateway_budget_amount", "Money for the period, raises included.", "budget", "currency"),
  BUDGET_LEVEL(
      "gateway_budget_level",
      "0 normal, 1 alert, 2 throttled, 3 critical throttled, 4 used up.",
      "budget"),
  BUDGET_FORECAST(
      "gateway_budget_forecast_ratio",
      "What the period will come to if nobody is slowed from now on, as a share of its amount.",
      "budget"),
  BUDGET_PLAN(
      "gateway_budget_plan_ratio",
      "Share of the amount that the usual course of the period spends until now.",
      "budget"),
  BUDGET_NOTICES(
      "gateway_budget_notices_total",
      "What operators were told by this gateway.",
      "budget",
      "kind"),
  BUDGET_SHARE(
      "gateway_budget_share",
      "Share of requests that passes, by the priority of their service.",
      "budget",
      "priority"),
  BUDGET_DECISIONS(
      "gateway_budget_decisions_total",
      "Requests a budget admitted, paced or refused.",
      "budget",
      "decision"),
  BUDGET_REPEATS(
      "gateway_budget_repeats_total",
      "Requests whose id was charged before (known), or of whose id nobody could tell (forgotten).",
      "budget",
      "receipt"),
  BUDGET_PAUSES(
      "gateway_budget_pauses_total",
      "Users paused because they spent far more than others.",
      "budget"),
  BUDGET_LEDGER_FAILING(
      "gateway_budget_ledger_failing", "1: what is spent is kept in memory, the disk fails."),
  LIMIT_DECISIONS(
      "gateway_limit_decisions_total",
      "Requests a limit allowed, refused or would have refused in shadow.",
      "policy",
      "decision"),
  LIMIT_DEGRADED("gateway_limit_degraded_total", "Decisions without the shared store.", "policy"),
  LIMIT_DECIDED_BY(
      "gateway_limit_decided_by_total",
      "Decisions by who made them: this process, Redis, a lease, or what holds without Redis.",
      "policy",
      "by"),
  LIMIT_PACE("gateway_limit_pace_ratio", "Share of its rates that a limit grants now.", "policy"),
  LIMIT_SHUT_OUT("gateway_limit_shut_out", "Keys that go on after refusals.", "policy"),
  PIN_LEASE(
      "gateway_pin_lease_seconds",
      "What is left of the lease on the map; below 0 it is stale.",
      "group"),
  PIN_CELLS("gateway_pin_cells", "Cells by the region that owns them.", "group", "region"),
  PIN_MOVING("gateway_pin_cells_moving", "Cells that are about to move.", "group"),
  PIN_PHASE(
      "gateway_pin_region_phase",
      "0 active, 1 lease-out, 2 evicted, 3 draining, 4 empty, 5 failback.",
      "group",
      "region"),
  PIN_WAITING("gateway_pin_waiting", "Requests that wait for their region."),
  PIN_EVENTS("gateway_pin_events_total", "What happened to pins and their cookies.", "event"),
  WEBHOOK_DELIVERIES(
      "gateway_webhook_deliveries_total",
      "Alerts posted to the webhook: delivered, failed and tried again, dropped.",
      "result"),
  WEBHOOK_WAITING("gateway_webhook_waiting", "Alerts that the webhook has not taken yet."),
  REDIS_UP("gateway_redis_up", "1 while Redis answers."),
  REDIS_FAILURES("gateway_redis_failures_total", "Calls and connections lost.", "kind"),
  GEO_LOADED("gateway_geo_database_loaded", "1 while a GeoIP database is in use.", "database"),
  GEO_LAST_LOAD(
      "gateway_geo_database_last_load_successful",
      "0 while the GeoIP file cannot be used.",
      "database"),
  GEO_BUILT(
      "gateway_geo_database_build_timestamp_seconds",
      "When the database in use was made.",
      "database"),
  GEO_LOOKUPS(
      "gateway_geo_lookups_total",
      "Look-ups in the GeoIP database, cached ones excepted.",
      "result"),
  LATENCY_PAIRS("gateway_latency_pairs", "Pairs of caller and region that hold samples."),
  CONNECTION_ROUND_TRIPS(
      "gateway_connection_round_trips_total",
      "Round trips of clients' own connections, by what became of them.",
      "result"),
  BEACON_REPORTS(
      "gateway_beacon_reports_total",
      "Round trips that clients reported, by what became of the report.",
      "result"),
  REGION_STANDING(
      "gateway_region_standing",
      "2 in service, 1.5 asks to be left, 1 suspect, 0 out; forced state applied.",
      "region"),
  REGION_SHARE(
      "gateway_region_share_ratio", "Share of its callers that the region may take.", "region"),
  REGION_DOUBT(
      "gateway_health_in_doubt", "1 while this gateway doubts itself and convicts nobody."),
  RECOVERY(
      "gateway_recovery_seconds",
      "How long the service's users were without the region that it lost last.",
      "service",
      "region"),
  RECOVERIES(
      "gateway_recoveries_total",
      "Losses of a region: in_time when over, late once targets.recovery has passed.",
      "service",
      "result"),
  REGION_PANIC("gateway_region_panic", "1 while the panic rule keeps a lost region."),
  CONFIG_RELOADS("gateway_config_reloads_total", "Attempts to load the configuration.", "result"),
  CONFIG_SUCCESSFUL(
      "gateway_config_last_reload_successful", "0 while the file on disk is not in force."),
  CONFIG_FINGERPRINT(
      "gateway_config_fingerprint_info", "The configuration in force.", "fingerprint"),
  CONNECTIONS("gateway_connections", "Open client connections."),
  INFLIGHT("gateway_inflight_requests", "Requests that have not ended."),
  WEBSOCKETS("gateway_websocket_connections", "Open WebSockets.", "service"),
  STREAMS("gateway_streams", "Open event streams and gRPC calls.", "service"),
  ACCESS_LOG_LINES(
      "gateway_access_log_lines_total",
      "Lines written; dropped because the log could not keep up; lost to a write error.",
      "result"),
  BUILD("gateway_build_info", "The build that runs.", "version", "java");

  private final String name;
  private final String help;
  private final List<String> labels;

  SourceMetric(String name, String help, String... labels) {
    this.name = name;
    this.help = help;
    this.labels = List.of(labels);
  }

  /** As Prometheus shows it. */
  public String metricName() {
    return name;
  }

  public String help() {
    return help;
  }

  public List<String> labels() {
    return labels;
  }

  boolean isCounter() {
    return name.endsWith("_total");
  }

  boolean isInfo() {
    return name.endsWith("_info");
  }
}
