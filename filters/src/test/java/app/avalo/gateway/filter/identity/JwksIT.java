package app.avalo.gateway.filter.identity;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.IdentityConfig;
import app.avalo.gateway.config.IdentityConfig.Jwks;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.Routes;
import app.avalo.gateway.filter.identity.jose.KeySet;
import app.avalo.gateway.filter.identity.jose.Tokens;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JwksIT {
  private static final String KEYS = Tokens.jwks("a", Tokens.RSA.getPublic());

  private final Vertx vertx = Vertx.vertx();
  private final Timers timers = Timers.of(vertx);
  private final AtomicInteger requests = new AtomicInteger();
  private volatile Handler<HttpServerRequest> answer = request -> request.response().end(KEYS);
  private HttpServer server = vertx.createHttpServer();

  @BeforeEach
  void startIssuer() throws Exception {
    server =
        await(
            server
                .requestHandler(
                    request -> {
                      requests.incrementAndGet();
                      answer.handle(request);
                    })
                .listen(0, "127.0.0.1"));
  }

  @AfterEach
  void stop() throws Exception {
    await(vertx.close());
  }

  private static <T> T await(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static Throwable failure(Future<?> future) throws Exception {
    return await(future.map(ok -> new Throwable("no failure")).otherwise(cause -> cause));
  }

  private URI url() {
    return URI.create("http://127.0.0.1:" + server.actualPort() + "/keys?v=1");
  }

  private JwksLoader loader() {
    return new JwksLoader(vertx, url(), timers);
  }

  @Test
  void aKeySetIsFetched() throws Exception {
    KeySet keys = await(loader().load());

    assertThat(keys.entries()).extracting(KeySet.Entry::id).containsExactly("a");
  }

  @Test
  void anIssuerThatIsDownFailsTheLoad() throws Exception {
    // A server that closes may still take a connection; a port of nobody never does.
    URI nobody = URI.create("http://127.0.0.1:" + RedisServer.freePort() + "/keys");

    assertThat(failure(new JwksLoader(vertx, nobody, timers).load()))
        .isInstanceOf(java.net.ConnectException.class);
  }

  @Test
  void garbageIsNoKeySet() throws Exception {
    answer = request -> request.response().end("<html>sign in</html>");

    assertThat(failure(loader().load())).hasMessage("not a JSON object");
  }

  @Test
  void aRedirectIsNotFollowed() throws Exception {
    answer =
        request ->
            request.response().setStatusCode(302).putHeader("Location", url().toString()).end(KEYS);

    assertThat(failure(loader().load())).hasMessage("status 302 (expected: 200)");
    assertThat(requests).hasValue(1);
  }

  @Test
  void aSetWithoutEndIsCutOff() throws Exception {
    answer =
        request -> {
          HttpServerResponse response = request.response().setChunked(true);
          response.exceptionHandler(gone -> {});
          response.write(" ".repeat(JwksLoader.MAX_BYTES)).onComplete(sent -> response.write(" "));
        };

    assertThat(failure(loader().load())).hasMessage("more than 262144 bytes");
  }

  @Test
  void anIssuerThatDripsIsGivenUpInTime() throws Exception {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    answer =
        request -> {
          request.connection().closeHandler(gone -> closed.complete(null));
          request.response().setChunked(true).write("{");
          vertx.setPeriodic(100, tick -> request.response().write(" "));
        };

    assertThat(failure(loader().load())).hasMessageContaining("reset");
    closed.get(5, TimeUnit.SECONDS);
  }

  @Test
  void afterThreeFailuresTheIssuerIsLeftAlone() throws Exception {
    answer = request -> request.response().setStatusCode(500).end();
    JwksLoader loader = loader();
    for (int i = 0; i < 3; i++) {
      failure(loader.load());
    }

    assertThat(failure(loader.load())).hasMessageContaining("open circuit");
    assertThat(requests).hasValue(3);
  }

  @Test
  void requestsOfManyLoopsWaitForOneFetchAndGoOnAtHome() throws Exception {
    String both =
        "{\"keys\":["
            + Tokens.jwk("a", Tokens.RSA.getPublic(), "")
            + ","
            + Tokens.jwk("e", Tokens.EC.getPublic(), "")
            + "]}";
    answer = request -> request.response().end(both);
    try (Identities identities = new Identities(vertx, Ticker.SYSTEM, timers)) {
      IdentityConfig config = config();
      String rsa = Tokens.rs256("a", claims());
      String ec = Tokens.es256("e", claims());
      CompletableFuture<?>[] decided = new CompletableFuture<?>[16];
      for (int i = 0; i < decided.length; i++) {
        Exchange exchange =
            Exchanges.on(IdentityFixture.plan(config, Routes.toFeed()))
                .header("Authorization", "Bearer " + (i % 2 == 0 ? rsa : ec))
                .live();
        decided[i] = onOwnLoop(new IdentityFilter(identities), exchange);
      }

      CompletableFuture.allOf(decided).get(10, TimeUnit.SECONDS);

      assertThat(decided).allMatch(user -> "ada".equals(user.join()));
      assertThat(requests).hasValue(1);
    }
  }

  private IdentityConfig config() {
    Jwks keys = new Jwks(url(), Duration.ofMinutes(10));
    return new IdentityConfig(
        List.of(IdentityFixture.issuer("rs", keys, "RS256", "ES256")), "X-Api-Key", List.of());
  }

  private static String claims() {
    long exp = Ticker.SYSTEM.epochMillis() / 1000 + 600;
    return "{\"iss\":\"rs\",\"aud\":\"avalo\",\"sub\":\"ada\",\"exp\":" + exp + "}";
  }

  /** Completes with the user that was let pass, or what went wrong. */
  private CompletableFuture<String> onOwnLoop(IdentityFilter filter, Exchange exchange) {
    CompletableFuture<String> result = new CompletableFuture<>();
    var loop = vertx.getOrCreateContext();
    Next next =
        new Next() {
          @Override
          public void proceed(Exchange passed) {
            boolean home = Vertx.currentContext() == loop;
            result.complete(home ? passed.caller().user() : "on a foreign loop");
          }

          @Override
          public void reply(Exchange refused, Reply.Local reply) {
            GatewayError error = reply.error();
            result.complete(String.valueOf(error));
          }
        };
    loop.runOnContext(go -> filter.request(exchange, next));
    return result;
  }
}
