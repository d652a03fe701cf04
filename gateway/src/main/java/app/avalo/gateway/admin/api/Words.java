package app.avalo.gateway.admin.api;

import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.config.unit.Money;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How values are written in answers, and names looked up in the plan. */
public final class Words {
  private Words() {}

  /** {@code IN_SERVICE} as {@code in-service}. */
  public static String of(Enum<?> value) {
    return of(value.name());
  }

  /** The name of a constant likewise. */
  public static String of(String constant) {
    return constant.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** RFC 3339 in UTC, or null for never. */
  public static @Nullable String time(long epochMillis) {
    return epochMillis == 0 ? null : Instant.ofEpochMilli(epochMillis).toString();
  }

  /** An amount, exact and readable. */
  public static JsonObject money(long micros, String currency) {
    return new JsonObject()
        .put("micros", micros)
        .put("text", new Money(micros, currency).toString());
  }

  /** A finite number rounded to one decimal, or null. */
  public static @Nullable Double rounded(double value) {
    return Double.isNaN(value) ? null : Math.round(value * 10) / 10.0;
  }

  public static Region region(Plan plan, String name) {
    Region region = plan.region(name);
    if (region == null) {
      throw Refusal.unknown("region", name, regions(plan));
    }
    return region;
  }

  public static List<String> regions(Plan plan) {
    return plan.regions().stream().map(Region::name).toList();
  }

  public static Service service(Plan plan, String name) {
    Service service = plan.service(name);
    if (service == null) {
      throw Refusal.unknown("service", name, plan.services().stream().map(Service::name).toList());
    }
    return service;
  }
}
