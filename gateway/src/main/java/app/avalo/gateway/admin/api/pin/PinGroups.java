package app.avalo.gateway.admin.api.pin;

import app.avalo.gateway.admin.http.Refusal;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.pin.PinAdmin;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The groups of services that share pins, and the regions that can serve them. */
final class PinGroups {
  private PinGroups() {}

  /** Refuses a group that no service names. */
  static void check(Plan plan, String group) {
    List<String> known = PinAdmin.groups(plan);
    if (!known.contains(group)) {
      throw Refusal.unknown("group", group, known);
    }
  }

  /** The groups meant: the one named, else all. */
  static List<String> meant(Plan plan, @Nullable String group) {
    if (group != null) {
      check(plan, group);
      return List.of(group);
    }
    return PinAdmin.groups(plan);
  }

  /** Refuses a region that lacks a service of the group, or of any group. */
  static void checkServed(Plan plan, @Nullable String group, Region region) {
    Service absent = absent(plan, group, region);
    if (absent != null) {
      throw Refusal.conflict(absent.name() + " has no endpoint in " + region.name() + ".");
    }
  }

  /** A service of the group that the region lacks, or null. */
  static @Nullable Service absent(Plan plan, @Nullable String group, Region region) {
    for (Service service : plan.services()) {
      Pin pin = service.config().pin();
      boolean wanted = pin != null && (group == null || pin.group().equals(group));
      if (wanted && service.in(region).isEmpty()) {
        return service;
      }
    }
    return null;
  }
}
