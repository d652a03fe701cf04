package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything the routing YAML says, checked: every name refers to something that exists. Maps keep
 * the order of the file.
 *
 * @param name what this gateway calls itself in {@code Via}, logs and metrics; default {@code
 *     avalo}
 * @param listeners where clients connect, at least one
 * @param trustedHops peers whose forwarding headers are believed; default none
 * @param admin the operators' own port
 * @param regions by name, at least one
 * @param services by name
 * @param routes in the order of the file; matching does not depend on it
 * @param limits token bucket policies by name
 * @param budgets money policies by name
 * @param units what money is spent for, by name
 * @param identity who the caller is
 * @param placing where the caller is, and which regions may serve whom
 * @param pins how sessions are bound to a region
 * @param state where state is kept: directory, Redis
 * @param alerts where operators hear of what needs them
 * @param accessLog what is written for each request
 * @param shutdownGrace the longest time from SIGTERM to exit; default 30 s
 */
public record GatewayConfig(
    String name,
    List<ListenerConfig> listeners,
    List<Cidr> trustedHops,
    AdminConfig admin,
    Map<String, RegionConfig> regions,
    Map<String, ServiceConfig> services,
    List<RouteConfig> routes,
    Map<String, LimitConfig> limits,
    Map<String, BudgetConfig> budgets,
    Map<String, BudgetConfig.Unit> units,
    IdentityConfig identity,
    PlacingConfig placing,
    PinConfig pins,
    StateConfig state,
    Alerts alerts,
    AccessLog accessLog,
    Duration shutdownGrace) {

  /**
   * Where operators hear of what needs them, besides log and metrics.
   *
   * @param webhook default none
   */
  public record Alerts(@Nullable Webhook webhook) {}

  /**
   * A service that alerts are posted to.
   *
   * @param url http or https
   * @param secret of the signature, at least 32 bytes
   * @param timeout of one delivery; default 5 s
   */
  public record Webhook(URI url, Secret secret, Duration timeout) {}

  /**
   * The access log.
   *
   * @param to {@code stdout}, {@code off} or a file path; default {@code stdout}
   * @param sample share of successful requests written, 0 to 1; failures are always written;
   *     default 1
   */
  public record AccessLog(String to, double sample) {}
}
