package app.avalo.gateway.filter.pin;

import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.store.PinKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whom a pin belongs to, without saying who it is: the first 128 bits of the SHA-256 of kind and
 * name, or the random id of a session. Equal on all replicas, whatever their signing keys.
 *
 * @param kind what was known of the caller
 * @param high first 64 bits
 * @param low last 64 bits
 */
public record PinIdentity(Kind kind, long high, long low) {

  /** What a caller was known by. The order is written into cookies: append only. */
  public enum Kind {
    /** Nothing; the id is random and lives in the cookie. */
    SESSION,
    USER,
    API_KEY,
    /** What a header named. */
    HEADER
  }

  /** A known user. */
  public static PinIdentity user(String name) {
    return hashed(Kind.USER, name);
  }

  /** Whoever uses the API key of this name. */
  public static PinIdentity apiKey(String name) {
    return hashed(Kind.API_KEY, name);
  }

  /** Whatever a header names: an account, a room. */
  public static PinIdentity header(String name, String value) {
    return hashed(Kind.HEADER, name.toLowerCase(Locale.ROOT) + ':' + value);
  }

  /** A session by the 32 hexadecimal digits that logs show; null if they are not that. */
  public static @Nullable PinIdentity session(String id) {
    if (id.length() != 32) {
      return null;
    }
    try {
      return new PinIdentity(
          Kind.SESSION,
          HexFormat.fromHexDigitsToLong(id, 0, 16),
          HexFormat.fromHexDigitsToLong(id, 16, 32));
    } catch (IllegalArgumentException notHexadecimal) {
      return null;
    }
  }

  /** The caller's identity, or null for an anonymous one. */
  static @Nullable PinIdentity of(Caller caller) {
    if (caller.user() != null) {
      return user(caller.user());
    }
    return caller.apiKey() == null ? null : apiKey(caller.apiKey());
  }

  static Kind kind(Caller caller) {
    if (caller.user() != null) {
      return Kind.USER;
    }
    return caller.apiKey() == null ? Kind.SESSION : Kind.API_KEY;
  }

  /** What the caller's identity is made of; empty for an anonymous one. */
  static String name(Caller caller) {
    String name = caller.user() != null ? caller.user() : caller.apiKey();
    return name == null ? "" : name;
  }

  private static PinIdentity hashed(Kind kind, String name) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update((byte) kind.ordinal());
      ByteBuffer hash = ByteBuffer.wrap(digest.digest(name.getBytes(StandardCharsets.UTF_8)));
      return new PinIdentity(kind, hash.getLong(), hash.getLong());
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  /** Names the user apart from its cell. */
  public CellKey cell(int home) {
    return CellKey.user(home, high, low);
  }

  PinKey key(String group) {
    return new PinKey(group, high, low);
  }
}
