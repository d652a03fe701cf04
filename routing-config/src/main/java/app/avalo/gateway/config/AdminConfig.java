package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.config.unit.Secret;
import java.util.List;

/**
 * The operators' port: metrics, health of the process, reading and forcing.
 *
 * @param address default {@code 127.0.0.1:9090}
 * @param credentials who may do more than read health and metrics; none means writing is off
 */
public record AdminConfig(HostPort address, List<Credential> credentials) {

  /**
   * A bearer token with a role.
   *
   * @param name written to the audit log
   * @param token at least 16 characters
   * @param role what it may do
   */
  public record Credential(String name, Secret token, Role role) {}

  /** Each role may do what the one before it may. */
  public enum Role {
    /** Reads everything under {@code /admin}. */
    VIEWER,
    /** Also forces and releases regions, moves pins, resets limits, reloads. */
    OPERATOR,
    /** Also changes budgets. */
    ADMIN
  }
}
