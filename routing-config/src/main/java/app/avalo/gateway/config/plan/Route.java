package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.unit.AddressRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A route of one plan.
 *
 * @param ordinal position in {@link Plan#routes()}
 * @param config as the file says
 * @param limits of the route itself; what a forwarded request meets is {@link Target#limits()}
 * @param budgets of the route itself
 * @param targets the services it forwards to; empty for a redirect or a fixed answer
 * @param totalWeight sum of the targets' weights
 * @param rewrite of the path on the way up, or null to keep it
 * @param addresses who may use it, by address
 */
public record Route(
    int ordinal,
    RouteConfig config,
    List<LimitConfig> limits,
    List<BudgetConfig> budgets,
    List<Target> targets,
    int totalWeight,
    @Nullable PathRewrite rewrite,
    AddressRule addresses) {

  public String name() {
    return config.name();
  }

  /**
   * The target for one request.
   *
   * @param draw any number; equal numbers give equal targets
   */
  public Target target(int draw) {
    if (targets.size() == 1) {
      return targets.get(0);
    }
    int left = Math.floorMod(draw, totalWeight);
    int at = 0;
    while (left >= targets.get(at).weight()) {
      left -= targets.get(at++).weight();
    }
    return targets.get(at);
  }

  /** The path that the upstream sees for a normalised path that this route matched. */
  public String upstreamPath(String path) {
    return rewrite == null ? path : rewrite.apply(path);
  }

  @Override
  public String toString() {
    return config.name();
  }
}
