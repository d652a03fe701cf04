package app.avalo.gateway.run;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.GatewayConfig.AccessLog;
import app.avalo.gateway.config.StateConfig;
import java.util.List;

/** A configuration that decides the same and touches nothing outside. */
final class Quiet {
  private Quiet() {}

  static GatewayConfig of(GatewayConfig config) {
    return new GatewayConfig(
        config.name(),
        List.of(),
        config.trustedHops(),
        config.admin(),
        config.regions(),
        config.services(),
        config.routes(),
        config.limits(),
        config.budgets(),
        config.units(),
        config.identity(),
        config.placing(),
        config.pins(),
        new StateConfig(null, null),
        new GatewayConfig.Alerts(null),
        new AccessLog("off", 0),
        config.shutdownGrace());
  }
}
