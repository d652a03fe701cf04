package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where state lives.
 *
 * @param directory local files (budget ledger, pins); null keeps them in memory only
 * @param redis shared by all replicas; null runs this gateway alone
 */
public record StateConfig(@Nullable Path directory, @Nullable Redis redis) {

  /**
   * A Redis deployment.
   *
   * @param mode default {@link Mode#SINGLE}
   * @param endpoints {@code redis://host:port} or {@code rediss://}; one for {@code SINGLE}
   * @param masterName of a Sentinel deployment, or null
   * @param password or null
   * @param deadline the longest a request waits for it; default 20 ms
   * @param prefix of every key; default {@code avalo}
   * @param replicas gateways that share it, until it has told how many there are; default 1
   */
  public record Redis(
      Mode mode,
      List<String> endpoints,
      @Nullable String masterName,
      @Nullable Secret password,
      Duration deadline,
      String prefix,
      int replicas) {}

  /** Shape of a Redis deployment. */
  public enum Mode {
    SINGLE,
    SENTINEL,
    CLUSTER
  }
}
