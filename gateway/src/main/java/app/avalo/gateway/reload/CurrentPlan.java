package app.avalo.gateway.reload;

import app.avalo.gateway.config.plan.Plan;
import java.util.function.Supplier;

/** The plan in force. Read by every loop, one volatile read per request; written by a reload. */
public final class CurrentPlan implements Supplier<Plan> {
  private volatile Plan plan;

  public CurrentPlan(Plan first) {
    this.plan = first;
  }

  @Override
  public Plan get() {
    return plan;
  }

  public void swap(Plan next) {
    plan = next;
  }
}
