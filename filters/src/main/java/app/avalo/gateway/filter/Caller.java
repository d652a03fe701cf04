package app.avalo.gateway.filter;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who makes a request.
 *
 * @param user the known user, or null
 * @param apiKey name of the API key, never the key, or null
 * @param tier {@code anonymous} for nobody known, else what the credential says, by default {@code
 *     authenticated}
 * @param roles granted by the credential
 * @param claims of the token by name, those only that limits ask for
 */
public record Caller(
    @Nullable String user,
    @Nullable String apiKey,
    String tier,
    Set<String> roles,
    Map<String, String> claims) {
  public static final Caller ANONYMOUS = new Caller(null, null, "anonymous", Set.of());

  /** A caller of whose token nothing more is asked. */
  public Caller(@Nullable String user, @Nullable String apiKey, String tier, Set<String> roles) {
    this(user, apiKey, tier, roles, Map.of());
  }

  /** The user, else the API key, told apart from each other; null for nobody known. */
  public @Nullable String name() {
    return user != null ? "u=" + user : apiKey != null ? "k=" + apiKey : null;
  }

  /** Whether a credential was checked and found good. */
  public boolean known() {
    return user != null || apiKey != null;
  }
}
