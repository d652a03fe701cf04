package app.avalo.gateway.filter.identity;

import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.time.Ticker;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Tokens found good, by fingerprint, so that one that comes again costs a hash instead of a
 * signature. Bad tokens are not kept: a forger makes a new one for nothing, and would push out the
 * good ones. Safe from every thread.
 */
final class TokenCache {
  /** About 30 MB when full. */
  static final int MAX_TOKENS = 100_000;

  static final Duration MAX_AGE = Duration.ofMinutes(5);

  private final Cache<Fingerprint, Entry> entries;

  /**
   * A token found good.
   *
   * @param verdict to repeat
   * @param verifier that found it
   * @param keys with which it did; a rotation that drops a key ends the entry
   * @param expiryMillis of the token, wall clock
   */
  private record Entry(
      Verdict.Accepted verdict, TokenVerifier verifier, KeySet keys, long expiryMillis) {}

  TokenCache(Ticker ticker) {
    this.entries =
        Caffeine.newBuilder()
            .maximumSize(MAX_TOKENS)
            .expireAfterWrite(MAX_AGE)
            .ticker(ticker::nanos)
            .executor(Runnable::run)
            .build();
  }

  /** The verdict found earlier if nothing it rests on has changed, else null. */
  Verdict.@Nullable Accepted get(Fingerprint token, CredentialTable table, long nowMillis) {
    Entry entry = entries.getIfPresent(token);
    if (entry == null) {
      return null;
    }
    TokenVerifier verifier = entry.verifier;
    boolean holds =
        verifier == table.issuer(verifier.issuer().issuer())
            && verifier.keys().current() == entry.keys
            && verifier.isAlive(entry.expiryMillis, nowMillis);
    return holds ? entry.verdict : null;
  }

  /**
   * Remembers a verdict.
   *
   * @param keys current before the verification began
   */
  void put(
      Fingerprint token,
      Verdict.Accepted verdict,
      TokenVerifier verifier,
      KeySet keys,
      long expiryMillis) {
    entries.put(token, new Entry(verdict, verifier, keys, expiryMillis));
  }
}
