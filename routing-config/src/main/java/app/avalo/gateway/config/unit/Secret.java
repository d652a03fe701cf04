package app.avalo.gateway.config.unit;

/**
 * A value that must not be printed: token, key, password. {@link #toString()} hides it, so that no
 * log line, fault or admin answer can carry it by accident.
 */
public final class Secret {
  private final String value;

  public Secret(String value) {
    this.value = value;
  }

  /** The secret itself; callers must not log or store it. */
  public String reveal() {
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && secret.value.equals(value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return "***";
  }
}
