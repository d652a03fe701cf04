package app.avalo.gateway.config.plan;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.LimitConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A service seen from one route, with everything that applies to the pair.
 *
 * @param service where it leads
 * @param weight share among the route's targets
 * @param limits of the service and of the route, service first
 * @param budgets that its requests are charged to
 * @param cheaper what serves where a budget would refuse, or null
 */
public record Target(
    Service service,
    int weight,
    List<LimitConfig> limits,
    List<BudgetConfig> budgets,
    @Nullable Target cheaper) {}
