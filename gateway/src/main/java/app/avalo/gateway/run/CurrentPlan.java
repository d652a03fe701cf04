package app.avalo.gateway.run;

import app.avalo.gateway.config.plan.Plan;
import java.util.function.Supplier;

/** The plan in force. Read by every loop, one volatile read per request; written by a reload. */
final class CurrentPlan implements Supplier<Plan> {
  private volatile Plan plan;

  CurrentPlan(Plan first) {
    this.plan = first;
  }

  @Override
  public Plan get() {
    return plan;
  }

  void swap(Plan next) {
    plan = next;
  }
}
