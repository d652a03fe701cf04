package app.avalo.gateway.config.plan;

import org.jspecify.annotations.Nullable;

/**
 * One spelling for each path, fixed before anything is matched: what the gateway authorises is what
 * the upstream sees.
 */
public final class PathNormalizer {
  private PathNormalizer() {}

  /**
   * The normal form of a raw path, or null if it must be refused with 400.
   *
   * @param raw path of the request target as sent, without query
   */
  public static @Nullable String normalize(String raw) {
    return raw;
  }
}
