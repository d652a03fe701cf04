package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.Secret;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who the caller is.
 *
 * @param issuers of JSON Web Tokens, tried by their {@code iss}
 * @param apiKeyHeader header of an API key; default {@code X-Api-Key}
 * @param apiKeys known keys
 */
public record IdentityConfig(List<Issuer> issuers, String apiKeyHeader, List<ApiKey> apiKeys) {

  /**
   * Somebody whose tokens are believed.
   *
   * @param issuer value of {@code iss}
   * @param audience value that {@code aud} must hold, or null for any
   * @param algorithms of {@code HS256}, {@code RS256}, {@code ES256}; nothing else is accepted
   * @param keys where the verification keys come from
   * @param leeway clock difference forgiven; default 30 s
   * @param userClaim default {@code sub}
   * @param tierClaim default {@code tier}; a token without one is {@code authenticated}
   * @param rolesClaim default {@code roles}
   * @param claims that limits ask for
   */
  public record Issuer(
      String issuer,
      @Nullable String audience,
      List<String> algorithms,
      Keys keys,
      Duration leeway,
      String userClaim,
      String tierClaim,
      String rolesClaim,
      Set<String> claims) {}

  /** Source of verification keys. */
  public sealed interface Keys permits SharedSecret, KeyFile, Jwks {}

  /**
   * HS256.
   *
   * @param secret at least 32 bytes
   */
  public record SharedSecret(Secret secret) implements Keys {}

  /**
   * A public key or certificate as PEM, read again when it changes.
   *
   * @param file its path
   */
  public record KeyFile(Path file) implements Keys {}

  /**
   * A key set fetched by HTTP.
   *
   * @param url http or https
   * @param refresh how long a set is used before it is fetched again; default 10 min. An unknown
   *     key id fetches at once, at most every 10 s
   */
  public record Jwks(URI url, Duration refresh) implements Keys {}

  /**
   * A long-lived credential of a partner or program.
   *
   * @param name shown in logs, never the key
   * @param key the secret
   * @param user it acts for, or null for its own name
   * @param tier default {@code authenticated}
   * @param roles default none
   */
  public record ApiKey(
      String name, Secret key, @Nullable String user, String tier, List<String> roles) {}
}
