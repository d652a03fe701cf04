package app.avalo.gateway.filter.cors;

import app.avalo.gateway.config.RouteConfig;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The cross-origin policy of one route, with its header values written out. */
final class Policy {
  private static final CharSequence ALLOW_ORIGIN = HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN;
  private static final CharSequence PRIVATE_NETWORK =
      HttpHeaders.createOptimized("access-control-allow-private-network");
  private static final CharSequence TRUE = HttpHeaders.createOptimized("true");
  private static final CharSequence STAR = HttpHeaders.createOptimized("*");

  private final Origins origins;
  private final CharSequence methods;
  private final CharSequence headers;
  private final CharSequence exposed;
  private final boolean credentials;
  private final CharSequence maxAge;

  Policy(RouteConfig.Cors cors) {
    this.credentials = cors.credentials();
    this.origins = new Origins(cors.origins(), credentials);
    this.methods = joined(cors.methods());
    this.headers = joined(cors.headers());
    this.exposed = joined(cors.exposed());
    this.maxAge = HttpHeaders.createOptimized(Long.toString(cors.maxAge().toSeconds()));
  }

  private static CharSequence joined(List<String> values) {
    return HttpHeaders.createOptimized(String.join(", ", values));
  }

  boolean allows(String origin) {
    return origins.allow(origin);
  }

  /** What only a preflight is told. */
  void labelPreflight(MultiMap answer) {
    setUnlessEmpty(answer, HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, methods);
    setUnlessEmpty(answer, HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, headers);
    answer.set(HttpHeaders.ACCESS_CONTROL_MAX_AGE, maxAge);
  }

  /** Puts the policy on an answer. */
  void label(MultiMap answer, @Nullable String origin, boolean preflight) {
    answer.remove(ALLOW_ORIGIN);
    answer.remove(HttpHeaders.ACCESS_CONTROL_ALLOW_CREDENTIALS);
    answer.remove(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS);
    answer.remove(PRIVATE_NETWORK);
    if (preflight) {
      Vary.add(answer, "Access-Control-Request-Method");
      Vary.add(answer, "Access-Control-Request-Headers");
    } else {
      answer.remove(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS);
      answer.remove(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS);
      answer.remove(HttpHeaders.ACCESS_CONTROL_MAX_AGE);
    }
    if (origins.any()) {
      answer.set(ALLOW_ORIGIN, STAR);
    } else {
      // Also on answers without CORS headers: a cache must not give them to a listed origin.
      Vary.add(answer, "Origin");
      if (origin == null || !origins.allow(origin)) {
        return;
      }
      answer.set(ALLOW_ORIGIN, origin);
      if (credentials) {
        answer.set(HttpHeaders.ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
      }
    }
    if (!preflight) {
      setUnlessEmpty(answer, HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
  }

  private static void setUnlessEmpty(MultiMap answer, CharSequence name, CharSequence value) {
    if (value.length() > 0) {
      answer.set(name, value);
    }
  }
}
