package app.avalo.gateway.filter.identity;

import app.avalo.gateway.config.IdentityConfig;
import app.avalo.gateway.config.IdentityConfig.ApiKey;
import app.avalo.gateway.filter.Caller;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Everything one configuration believes, compiled for lookup. Immutable. */
final class CredentialTable {
  private final IdentityConfig config;
  private final Map<String, TokenVerifier> issuers;
  private final Map<Fingerprint, Verdict.Accepted> apiKeys = new HashMap<>();

  CredentialTable(
      IdentityConfig config, Map<String, TokenVerifier> issuers, Fingerprint.Maker fingerprints) {
    this.config = config;
    this.issuers = Map.copyOf(issuers);
    for (ApiKey key : config.apiKeys()) {
      Caller caller = new Caller(key.user(), key.name(), key.tier(), Set.copyOf(key.roles()));
      apiKeys.put(
          fingerprints.of(key.key().reveal()),
          new Verdict.Accepted(caller, "api key " + key.name()));
    }
  }

  IdentityConfig config() {
    return config;
  }

  /** Whether tokens are looked at; without any issuer the Authorization field is not ours. */
  boolean readsTokens() {
    return !issuers.isEmpty();
  }

  /** Whether API keys are looked at. */
  boolean readsApiKeys() {
    return !apiKeys.isEmpty();
  }

  /** The verifier for a value of {@code iss}, or null. */
  @Nullable TokenVerifier issuer(@Nullable Object iss) {
    return iss instanceof String name ? issuers.get(name) : null;
  }

  Collection<TokenVerifier> verifiers() {
    return issuers.values();
  }

  /** The owner of an API key, or null. */
  Verdict.@Nullable Accepted apiKey(Fingerprint fingerprint) {
    return apiKeys.get(fingerprint);
  }
}
