package app.avalo.gateway.admin.http;

import app.avalo.gateway.config.AdminConfig.Role;

/**
 * Who makes a call.
 *
 * @param name of the credential, {@code local} without one
 * @param role what it may do
 */
public record Who(String name, Role role) {
  /** Somebody on this machine, while no credential is configured. */
  static final Who LOCAL = new Who("local", Role.VIEWER);

  boolean may(Role needed) {
    return role.compareTo(needed) >= 0;
  }
}
