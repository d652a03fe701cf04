package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.filter.pin.PinIdentity.Kind;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;

/**
 * The randomness of one process: the key that signs cookies while none is configured, and the ids
 * of sessions. One for all loops, so that reloads and other loops accept each other's cookies.
 */
public final class PinKeys {
  private final SecureRandom random = new SecureRandom();
  private final byte[] fallback = new byte[32];

  /**
   * A key as the signature algorithm wants it.
   *
   * @param id 0 to 255
   * @param bytes secret
   */
  record Key(int id, byte[] bytes) {
    @Override
    public String toString() {
      return "Key[" + id + "]";
    }
  }

  public PinKeys() {
    random.nextBytes(fallback);
  }

  /** The keys of a configuration, newest first, never empty. */
  List<Key> of(PinConfig config) {
    if (config.keys().isEmpty()) {
      return List.of(new Key(0, fallback));
    }
    return config.keys().stream()
        .map(key -> new Key(key.id(), key.secret().reveal().getBytes(StandardCharsets.UTF_8)))
        .toList();
  }

  PinIdentity newSession() {
    return new PinIdentity(Kind.SESSION, random.nextLong(), random.nextLong());
  }
}
