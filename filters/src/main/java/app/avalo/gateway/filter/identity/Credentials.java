package app.avalo.gateway.filter.identity;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.identity.jose.CompactToken;
import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.identity.jose.MalformedException;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/** Reads the credentials of a request. One event loop. */
final class Credentials {
  private static final String BEARER = "Bearer ";
  private static final int MAX_API_KEY = 512;

  private final Identities identities;
  private final Fingerprint.Maker fingerprints;

  Credentials(Identities identities) {
    this.identities = identities;
    this.fingerprints = identities.fingerprints();
  }

  /** Accepted or Rejected; null when no API key was sent. */
  @Nullable Verdict apiKey(Exchange exchange, CredentialTable table) {
    MultiMap headers = exchange.head().headers();
    String header = table.config().apiKeyHeader();
    String key = headers.get(header);
    if (key == null) {
      return null;
    }
    if (headers.getAll(header).size() > 1) {
      return new Verdict.Rejected("more than one API key");
    }
    if (key.length() > MAX_API_KEY) {
      return new Verdict.Rejected("API key not accepted");
    }
    Verdict found = table.apiKey(fingerprints.of(key));
    return found != null ? found : new Verdict.Rejected("API key not accepted");
  }

  /** Accepted, Rejected, UnknownKey or Deferred; null when no token was sent. */
  @Nullable Verdict token(Exchange exchange, CredentialTable table) {
    MultiMap headers = exchange.head().headers();
    String value = headers.get(HttpHeaders.AUTHORIZATION);
    if (value == null) {
      return null;
    }
    if (headers.getAll(HttpHeaders.AUTHORIZATION).size() > 1) {
      return new Verdict.Rejected("more than one Authorization header");
    }
    if (!value.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return new Verdict.Rejected("not a bearer token");
    }
    String token = value.substring(BEARER.length()).strip();
    if (token.length() > CompactToken.MAX_LENGTH) {
      return new Verdict.Rejected("longer than " + CompactToken.MAX_LENGTH + " characters");
    }
    long nowMillis = identities.ticker().epochMillis();
    Fingerprint fingerprint = fingerprints.of(token);
    Verdict known = identities.cache().get(fingerprint, table, nowMillis);
    return known != null ? known : verify(token, fingerprint, table, nowMillis);
  }

  private Verdict verify(
      String text, Fingerprint fingerprint, CredentialTable table, long nowMillis) {
    CompactToken token;
    try {
      token = CompactToken.parse(text);
    } catch (MalformedException malformed) {
      return new Verdict.Rejected(String.valueOf(malformed.getMessage()));
    }
    TokenVerifier verifier = table.issuer(token.claims().get("iss"));
    if (verifier == null) {
      return new Verdict.Rejected("unknown issuer");
    }
    if (!token.algorithm().slow()) {
      return verify(token, verifier, fingerprint, nowMillis);
    }
    return new Verdict.Deferred(
        () -> {
          // An app's first screen sends many requests with one new token; the first pays for all.
          Verdict known = identities.cache().get(fingerprint, table, nowMillis);
          return known != null ? known : verify(token, verifier, fingerprint, nowMillis);
        });
  }

  /** Verifies and remembers. Any thread. */
  private Verdict verify(
      CompactToken token, TokenVerifier verifier, Fingerprint fingerprint, long nowMillis) {
    KeySet keys = verifier.keys().current();
    Verdict verdict = verifier.verify(token, nowMillis);
    if (keys != null && verdict instanceof Verdict.Accepted accepted) {
      long expiryMillis = TokenVerifier.expiryMillis(token.claims());
      identities.cache().put(fingerprint, accepted, verifier, keys, expiryMillis);
    }
    return verdict;
  }
}
