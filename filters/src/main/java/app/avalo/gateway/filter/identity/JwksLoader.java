package app.avalo.gateway.filter.identity;

import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.identity.jose.MalformedException;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.time.Duration;

/**
 * Fetches a JSON Web Key Set. Bounded in time and size, follows no redirect: an answer from another
 * place than the configured one is not the issuer's.
 */
final class JwksLoader implements KeySource.Loader {
  static final Duration TIMEOUT = Duration.ofSeconds(2);
  static final int MAX_BYTES = 256 * 1024;

  private final RequestOptions target;
  private final HttpClient client;
  private final CircuitBreaker breaker;
  private final Timers timers;

  JwksLoader(Vertx vertx, URI url, Timers timers) {
    this.timers = timers;
    this.target =
        new RequestOptions()
            .setMethod(HttpMethod.GET)
            .setAbsoluteURI(url.toString())
            .putHeader("accept", "application/json");
    this.client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setSsl("https".equals(url.getScheme()))
                .setConnectTimeout((int) TIMEOUT.toMillis())
                .setKeepAlive(false));
    // The breaker's own timeout is a second net: without one a lost probe would keep it half open.
    this.breaker =
        CircuitBreaker.create(
            "jwks " + url.getHost(),
            vertx,
            new CircuitBreakerOptions()
                .setMaxFailures(3)
                .setTimeout(2 * TIMEOUT.toMillis())
                .setResetTimeout(KeySource.LEAST_INTERVAL.toMillis()));
  }

  @Override
  public Future<KeySet> load() {
    return breaker.execute(() -> client.request(target).compose(this::fetch));
  }

  private Future<KeySet> fetch(HttpClientRequest request) {
    // A timer of our own: idle timeouts let a sender drip one byte a second for ever.
    Timers.Timer deadline = timers.after(TIMEOUT, request::reset);
    return request
        .send()
        .compose(response -> body(request, response))
        .onComplete(ended -> deadline.cancel());
  }

  private static Future<KeySet> body(HttpClientRequest request, HttpClientResponse response) {
    Promise<KeySet> parsed = Promise.promise();
    response.exceptionHandler(parsed::tryFail);
    if (response.statusCode() != 200) {
      parsed.fail("status " + response.statusCode() + " (expected: 200)");
      request.reset();
      return parsed.future();
    }
    Buffer body = Buffer.buffer();
    response.handler(
        chunk -> {
          if (body.length() + chunk.length() > MAX_BYTES) {
            parsed.tryFail("more than " + MAX_BYTES + " bytes");
            request.reset();
          } else {
            body.appendBuffer(chunk);
          }
        });
    response.endHandler(end -> parse(body, parsed));
    return parsed.future();
  }

  private static void parse(Buffer body, Promise<KeySet> parsed) {
    try {
      parsed.tryComplete(KeySet.ofJwks(body.getBytes()));
    } catch (MalformedException notAKeySet) {
      parsed.tryFail(notAKeySet);
    }
  }

  @Override
  public void close() {
    client.close();
    breaker.close();
  }
}
