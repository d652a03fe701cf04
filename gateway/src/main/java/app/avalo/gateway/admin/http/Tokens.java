package app.avalo.gateway.admin.http;

import app.avalo.gateway.config.AdminConfig;
import app.avalo.gateway.config.AdminConfig.Credential;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds who a bearer token belongs to. Compares salted digests, each of them to the end, so the
 * time it takes tells nothing about a token.
 */
final class Tokens {
  private static final int LONGEST = 1024;

  private final byte[] salt = new byte[16];
  private @Nullable AdminConfig of; // find()
  private List<Known> known = List.of(); // find()

  private record Known(Who who, byte[] digest) {}

  Tokens() {
    new SecureRandom().nextBytes(salt);
  }

  /** Whose token it is, or null. */
  @Nullable Who find(AdminConfig config, String token) {
    if (of != config) {
      known = digests(config);
      of = config;
    }
    if (token.isEmpty() || token.length() > LONGEST) {
      return null;
    }
    byte[] digest = digest(token);
    Who found = null;
    for (Known each : known) {
      found = MessageDigest.isEqual(each.digest(), digest) ? each.who() : found;
    }
    return found;
  }

  private List<Known> digests(AdminConfig config) {
    List<Known> all = new ArrayList<>();
    for (Credential credential : config.credentials()) {
      Who who = new Who(credential.name(), credential.role());
      all.add(new Known(who, digest(credential.token().reveal())));
    }
    return all;
  }

  private byte[] digest(String token) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(salt);
      return sha256.digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }
}
