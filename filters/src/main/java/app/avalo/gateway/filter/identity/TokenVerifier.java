package app.avalo.gateway.filter.identity;

import app.avalo.gateway.config.IdentityConfig.Issuer;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.identity.jose.CompactToken;
import app.avalo.gateway.filter.identity.jose.KeySet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks the tokens of one issuer: signature first, then what they claim. Safe from every thread.
 */
final class TokenVerifier {
  private static final int MAX_NAME = 256;
  private static final int MAX_ROLES = 64;

  /** Seconds beyond which a date is nonsense: the year 9999. */
  private static final double MAX_SECONDS = 253_402_300_799.0;

  private final Issuer issuer;
  private final KeySource keys;
  private final long leewayMillis;

  TokenVerifier(Issuer issuer, KeySource keys) {
    this.issuer = issuer;
    this.keys = keys;
    this.leewayMillis = issuer.leeway().toMillis();
  }

  Issuer issuer() {
    return issuer;
  }

  KeySource keys() {
    return keys;
  }

  /**
   * The token's caller, or what is wrong with it.
   *
   * @param nowMillis wall clock
   */
  Verdict verify(CompactToken token, long nowMillis) {
    if (!issuer.algorithms().contains(token.algorithm().name())) {
      return new Verdict.Rejected("algorithm not accepted");
    }
    KeySet set = keys.current();
    KeySet.Verdict signature = set == null ? KeySet.Verdict.UNKNOWN_KEY : set.verify(token);
    return switch (signature) {
      case UNKNOWN_KEY -> new Verdict.UnknownKey(keys);
      case FORGED -> new Verdict.Rejected("signature does not match");
      case GENUINE -> checkClaims(token.claims(), nowMillis);
    };
  }

  private Verdict checkClaims(Map<String, Object> claims, long nowMillis) {
    if (!issuer.issuer().equals(claims.get("iss"))) {
      return new Verdict.Rejected("unknown issuer");
    }
    if (!isForUs(claims.get("aud"))) {
      return new Verdict.Rejected("meant for another audience");
    }
    if (expiryMillis(claims) == Long.MIN_VALUE) {
      return new Verdict.Rejected("no valid expiry");
    }
    if (!isAlive(expiryMillis(claims), nowMillis)) {
      return new Verdict.Rejected("expired");
    }
    for (String beginning : List.of("nbf", "iat")) {
      Object value = claims.get(beginning);
      long fromMillis = value == null ? 0 : millis(value);
      if (fromMillis == Long.MIN_VALUE || fromMillis > nowMillis + leewayMillis) {
        return new Verdict.Rejected("not valid yet");
      }
    }
    return caller(claims);
  }

  /** When the token dies, leeway not counted; {@code Long.MIN_VALUE} when it does not say. */
  static long expiryMillis(Map<String, Object> claims) {
    Object value = claims.get("exp");
    return value == null ? Long.MIN_VALUE : millis(value);
  }

  /** Whether a token with this expiry still counts. */
  boolean isAlive(long expiryMillis, long nowMillis) {
    return nowMillis - leewayMillis < expiryMillis;
  }

  /** NumericDate (RFC 7519, 2), fractions allowed. */
  private static long millis(Object value) {
    if (!(value instanceof Number number)) {
      return Long.MIN_VALUE;
    }
    double seconds = number.doubleValue();
    return seconds >= 0 && seconds <= MAX_SECONDS ? (long) (seconds * 1000) : Long.MIN_VALUE;
  }

  private boolean isForUs(@Nullable Object audience) {
    String wanted = issuer.audience();
    return wanted == null
        || wanted.equals(audience)
        || audience instanceof List<?> several && several.contains(wanted);
  }

  private Verdict caller(Map<String, Object> claims) {
    String user = name(claims.get(issuer.userClaim()));
    if (user == null) {
      return new Verdict.Rejected("names no user");
    }
    Object tierClaim = claims.get(issuer.tierClaim());
    String tier = tierClaim == null ? "authenticated" : name(tierClaim);
    if (tier == null) {
      return new Verdict.Rejected("tier is not a name");
    }
    Set<String> roles = roles(claims.get(issuer.rolesClaim()));
    if (roles == null) {
      return new Verdict.Rejected("roles are not names");
    }
    Caller caller = new Caller(user, null, tier, roles, asked(claims));
    return new Verdict.Accepted(caller, "token of " + issuer.issuer());
  }

  /** Those that limits ask for and that are names; without one a caller has no such bucket. */
  private Map<String, String> asked(Map<String, Object> claims) {
    Map<String, String> asked = new HashMap<>();
    for (String each : issuer.claims()) {
      String value = name(claims.get(each));
      if (value != null) {
        asked.put(each, value);
      }
    }
    return Map.copyOf(asked);
  }

  /** Printable text or a whole number; it may end in a header, a log line or a store's key. */
  private static @Nullable String name(@Nullable Object value) {
    if (value instanceof Integer || value instanceof Long) {
      return value.toString();
    }
    if (!(value instanceof String text) || text.isEmpty() || text.length() > MAX_NAME) {
      return null;
    }
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        return null;
      }
    }
    return text;
  }

  /** An array of names, or names with spaces between as in {@code scope}; null when neither. */
  private static @Nullable Set<String> roles(@Nullable Object value) {
    if (value == null) {
      return Set.of();
    }
    List<?> names = value instanceof String text ? List.of(text.split(" ")) : null;
    if (names == null && value instanceof List<?> list) {
      names = list;
    }
    if (names == null || names.size() > MAX_ROLES) {
      return null;
    }
    Set<String> roles = new HashSet<>();
    for (Object each : names) {
      String role = name(each);
      if (role != null) {
        roles.add(role);
      } else if (!"".equals(each)) {
        return null;
      }
    }
    return Set.copyOf(roles);
  }
}
