package app.avalo.gateway.filter.limit;

import app.avalo.gateway.filter.limit.override.LimitOverride;
import app.avalo.gateway.filter.limit.override.OverrideDesk;
import app.avalo.gateway.filter.limit.override.OverrideStore;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Gives single callers of the policy {@code calls} other rates, as an operator does. */
final class OtherRates implements OverrideStore {
  private final OverrideDesk desk;
  private final List<LimitOverride> orders = new ArrayList<>();

  OtherRates(Limits limits) {
    this.desk = new OverrideDesk(this, limits.overrides(), new VirtualTime());
  }

  void give(String subject, String rates, long untilEpochMillis) {
    var allowance = Objects.requireNonNull(LimitOverride.rates(rates));
    desk.put(new LimitOverride("calls", subject, allowance, "olaf", "a test", untilEpochMillis));
  }

  void end(String subject) {
    desk.remove("calls", subject);
  }

  @Override
  public Future<List<LimitOverride>> all() {
    return Future.succeededFuture(List.copyOf(orders));
  }

  @Override
  public Future<List<LimitOverride>> put(LimitOverride order) {
    orders.removeIf(each -> each.subject().equals(order.subject()));
    orders.add(order);
    return all();
  }

  @Override
  public Future<List<LimitOverride>> remove(String policy, String subject) {
    orders.removeIf(each -> each.subject().equals(subject));
    return all();
  }
}
