package app.avalo.gateway.filter.identity;

import app.avalo.gateway.config.IdentityConfig;
import app.avalo.gateway.config.IdentityConfig.ApiKey;
import app.avalo.gateway.config.IdentityConfig.Issuer;
import app.avalo.gateway.config.IdentityConfig.Jwks;
import app.avalo.gateway.config.IdentityConfig.Keys;
import app.avalo.gateway.config.IdentityConfig.SharedSecret;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.Secret;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.identity.jose.MalformedException;
import app.avalo.gateway.filter.identity.jose.Tokens;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * An identity filter under virtual time. Issuer {@code hs} shares a secret, {@code rs} has a key
 * set that the test serves by hand, {@code partner} is an API key with role {@code reader}.
 */
final class IdentityFixture {
  static final Jwks JWKS = new Jwks(URI.create("https://id.test/keys"), Duration.ofMinutes(10));

  final VirtualTime time = new VirtualTime();
  final Deque<Promise<KeySet>> loads = new ArrayDeque<>();
  final Identities identities = new Identities(time, time, keys -> this::load, this::defer);
  final IdentityFilter filter = new IdentityFilter(identities);
  final IdentityConfig config = config();

  /** Verifications that wait for a thread, when the test keeps them waiting. */
  final Deque<Runnable> deferred = new ArrayDeque<>();

  boolean keepDeferred;

  private void defer(Runnable task) {
    if (keepDeferred) {
      deferred.add(task);
    } else {
      task.run();
    }
  }

  /** Loads asked for so far. */
  int loadCount;

  private Future<KeySet> load() {
    loadCount++;
    Promise<KeySet> promise = Promise.promise();
    loads.add(promise);
    return promise.future();
  }

  /** Answers the oldest open load. */
  void serve(String jwks) {
    try {
      loads.remove().complete(KeySet.ofJwks(jwks.getBytes(StandardCharsets.UTF_8)));
    } catch (MalformedException broken) {
      throw new IllegalArgumentException(broken);
    }
  }

  void failLoad() {
    loads.remove().fail("down");
  }

  static Issuer issuer(String name, Keys keys, String... algorithms) {
    Duration leeway = Duration.ofSeconds(30);
    return new Issuer(
        name, "avalo", List.of(algorithms), keys, leeway, "sub", "tier", "roles", Set.of("org"));
  }

  static IdentityConfig config() {
    return new IdentityConfig(
        List.of(
            issuer("hs", new SharedSecret(new Secret(Tokens.SECRET)), "HS256"),
            issuer("rs", JWKS, "RS256", "ES256")),
        "X-Api-Key",
        List.of(
            new ApiKey("partner", new Secret("partner-key"), null, "partner", List.of("reader"))));
  }

  Plan plan(Routes route) {
    return plan(config, route);
  }

  static Plan plan(IdentityConfig config, Routes route) {
    return Plans.minimal().identity(config).route(route.build()).compile();
  }

  Outcome outcome(Exchange exchange) {
    return Outcome.of(filter, exchange);
  }

  /** What becomes of a token on a route that needs none. */
  Outcome bearer(String token) {
    return outcome(exchange(token));
  }

  Exchange exchange(String token) {
    return Exchanges.on(plan(Routes.toFeed())).header("Authorization", "Bearer " + token).live();
  }

  long nowSeconds() {
    return time.epochMillis() / 1000;
  }

  /** Claims of a good token, ten minutes to live, with further members that start with a comma. */
  String claims(String issuer, String more) {
    return "{\"iss\":\""
        + issuer
        + "\",\"aud\":\"avalo\",\"sub\":\"ada\",\"exp\":"
        + (nowSeconds() + 600)
        + more
        + "}";
  }
}
