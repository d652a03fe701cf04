package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Secret;
import java.time.Duration;
import java.util.List;

/**
 * How pins are carried by clients.
 *
 * @param cookie name; default {@code gwpin}
 * @param keys signing keys, newest first; older ones still verify; none means a random key per
 *     process, good for one replica
 * @param ttl how long a pin lives without being used; default 30 d
 */
public record PinConfig(String cookie, List<Key> keys, Duration ttl) {

  /**
   * A signing key.
   *
   * @param id 0 to 255, written into the cookie
   * @param secret at least 32 bytes
   */
  public record Key(int id, Secret secret) {}
}
