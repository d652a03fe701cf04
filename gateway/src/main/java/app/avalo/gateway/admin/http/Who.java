package app.avalo.gateway.admin.http;

import app.avalo.gateway.config.AdminConfig.Role;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Who makes a call.
 *
 * @param name of the credential, {@code local} without one
 * @param role what it may do, or null for nothing
 */
public record Who(String name, @Nullable Role role) {
  /** Not known. */
  static final Who NOBODY = new Who("nobody", null);

  /** Somebody on this machine, while no credential is configured. */
  static final Who LOCAL = new Who("local", Role.VIEWER);

  boolean may(Role needed) {
    return role != null && role.compareTo(needed) >= 0;
  }

  /** The role in the spelling of the YAML. */
  public String label() {
    return role == null ? "none" : label(role);
  }

  static String label(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }
}
