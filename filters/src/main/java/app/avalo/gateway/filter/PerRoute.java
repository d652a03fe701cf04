package app.avalo.gateway.filter;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Route;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a filter makes of each route, made when the route is first used and forgotten with its plan.
 * Confined to one event loop, like the filter that owns it.
 *
 * <p>Only one plan is held: while exchanges of the old plan still end after a reload, they and the
 * new ones may make their routes' values again. That costs some work, never a wrong answer.
 *
 * @param <T> the compiled value
 */
public final class PerRoute<T> {
  private final Function<Route, T> compile;
  private @Nullable Plan plan; // of()
  private @Nullable Object[] values = {}; // of()

  public PerRoute(Function<Route, T> compile) {
    this.compile = compile;
  }

  /** The value for the exchange's route. */
  @SuppressWarnings("unchecked") // of() puts nothing but T into the array
  public T of(Exchange exchange) {
    if (plan != exchange.plan()) {
      plan = exchange.plan();
      values = new Object[exchange.plan().routes().size()];
    }
    Route route = exchange.route();
    Object value = values[route.ordinal()];
    if (value == null) {
      value = compile.apply(route);
      values[route.ordinal()] = value;
    }
    return (T) value;
  }
}
