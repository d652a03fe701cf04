package app.avalo.gateway.config.load;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.yaml.Fault;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** What came of loading. */
public sealed interface Loaded {
  /** Files that were read or tried, for whoever watches them; also of an invalid configuration. */
  Set<Path> files();

  /**
   * A configuration that may be used.
   *
   * @param config everything it says
   * @param fingerprint 16 hexadecimal digits of the SHA-256 of the files. Secrets are not in it:
   *     two loads with one fingerprint may differ in what the environment or a secret's file says
   */
  record Valid(GatewayConfig config, String fingerprint, Set<Path> files) implements Loaded {}

  /**
   * No configuration.
   *
   * @param faults all of them, by file, line and column; at least one
   */
  record Invalid(List<Fault> faults, Set<Path> files) implements Loaded {}
}
