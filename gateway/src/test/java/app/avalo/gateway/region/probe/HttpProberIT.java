package app.avalo.gateway.region.probe;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.config.ServiceConfig.StatusRange;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.probe.Prober.Outcome;
import app.avalo.gateway.region.probe.Prober.Result;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.TestRegion;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PfxOptions;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpProberIT {
  private static final UpstreamTls SYSTEM_TRUST =
      new UpstreamTls(null, null, true, null, Duration.ofSeconds(1));

  @TempDir Path directory;
  // A name server that is not there, so that no look-up leaves this machine.
  private final Vertx vertx =
      Vertx.vertx(
          new VertxOptions()
              .setAddressResolverOptions(
                  new AddressResolverOptions()
                      .addServer("127.0.0.1:1")
                      .setQueryTimeout(200)
                      .setMaxQueries(1)));
  private final Context loop = vertx.getOrCreateContext();
  private final TestRegion region = TestRegion.start("eu");

  @AfterEach
  void stopEverything() throws Exception {
    region.close();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void everyCheckUsesAConnectionOfItsOwn() throws Exception {
    HttpProber prober = prober();
    for (int i = 1; i <= 3; i++) {
      assertThat(probe(prober, region.port(), "/health").ok()).isTrue();
      assertThat(region.connections()).isEqualTo(i);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ERROR_500, MISSED, 500",
    "ERROR_503, MISSED, 503",
    "RESET_BEFORE_HEAD, REFUSED, ''",
    "RESET_MID_BODY, REFUSED, ''",
    "ACCEPT_AND_CLOSE, REFUSED, ''",
    "GARBAGE, MISSED, ''",
    "NEVER_ANSWER, MISSED, no answer in 400 ms"
  })
  void whatIsNotACompleteGoodAnswerFails(Mode mode, Outcome outcome, String detail)
      throws Exception {
    region.mode(mode);
    Result result = probe(prober(), region.port(), "/health?bytes=10");
    assertThat(result.outcome()).as(result.detail()).isEqualTo(outcome);
    assertThat(result.detail()).contains(detail);
  }

  @Test
  void aClosedPortIsRefused() throws Exception {
    int closed;
    try (ServerSocket socket = new ServerSocket(0)) {
      closed = socket.getLocalPort();
    }
    assertThat(probe(prober(), closed, "/health").outcome()).isEqualTo(Outcome.REFUSED);
  }

  @Test
  void aHostWithoutAddressFailsInTime() throws Exception {
    Result result =
        probe(prober(), new Endpoint(false, "nowhere.invalid", 80, 1), SYSTEM_TRUST, "/", null);
    assertThat(result.outcome()).isEqualTo(Outcome.MISSED);
  }

  @Test
  void anEndlessBodyIsNotReadOn() throws Exception {
    assertThat(probe(prober(), region.port(), "/health?bytes=50000000").ok()).isTrue();
  }

  @Test
  void theCheckMayNameAHost() throws Exception {
    CompletableFuture<@Nullable String> host = new CompletableFuture<>();
    HttpServer server = serve(new HttpServerOptions(), host);
    Endpoint endpoint = new Endpoint(false, "127.0.0.1", server.actualPort(), 1);
    assertThat(probe(prober(), endpoint, SYSTEM_TRUST, "/", "chat.internal").ok()).isTrue();
    assertThat(host.get(5, TimeUnit.SECONDS)).isEqualTo("chat.internal");
  }

  @Test
  void anHttpsEndpointMustShowATrustedCertificateOfItsName() throws Exception {
    HttpServer server = serve(tls(), new CompletableFuture<>());
    Endpoint endpoint = new Endpoint(true, "127.0.0.1", server.actualPort(), 1);
    Path ca = directory.resolve("ca.pem");
    HttpProber prober = prober();
    assertThat(
            probe(
                    prober,
                    endpoint,
                    new UpstreamTls(ca, "eu.internal", true, null, Duration.ofSeconds(1)),
                    "/",
                    null)
                .ok())
        .as("trusted, right name")
        .isTrue();
    assertThat(
            probe(
                    prober,
                    endpoint,
                    new UpstreamTls(ca, "us.internal", true, null, Duration.ofSeconds(1)),
                    "/",
                    null)
                .ok())
        .as("trusted, wrong name")
        .isFalse();
    assertThat(
            probe(
                    prober,
                    endpoint,
                    new UpstreamTls(null, "eu.internal", true, null, Duration.ofSeconds(1)),
                    "/",
                    null)
                .ok())
        .as("not trusted by the system")
        .isFalse();
    assertThat(
            probe(
                    prober,
                    endpoint,
                    new UpstreamTls(null, null, false, null, Duration.ofSeconds(1)),
                    "/",
                    null)
                .ok())
        .as("not verified")
        .isTrue();
  }

  private HttpServerOptions tls() throws Exception {
    keytool(
        "-genkeypair -alias eu -keyalg EC -groupname secp256r1 -dname CN=eu.internal"
            + " -ext san=dns:eu.internal -validity 2 -storetype PKCS12 -storepass changeit"
            + " -keystore "
            + directory.resolve("eu.p12"));
    keytool(
        "-exportcert -rfc -alias eu -storepass changeit -keystore "
            + directory.resolve("eu.p12")
            + " -file "
            + directory.resolve("ca.pem"));
    return new HttpServerOptions()
        .setSsl(true)
        .setKeyCertOptions(
            new PfxOptions()
                .setPath(directory.resolve("eu.p12").toString())
                .setPassword("changeit"));
  }

  private static void keytool(String arguments) throws Exception {
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    Process process =
        new ProcessBuilder((keytool + " " + arguments).split(" "))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  private HttpServer serve(HttpServerOptions options, CompletableFuture<@Nullable String> host)
      throws Exception {
    return vertx
        .createHttpServer(options.setHost("127.0.0.1").setPort(0))
        .requestHandler(
            request -> {
              host.complete(request.getHeader("Host"));
              request.response().end("well");
            })
        .listen()
        .toCompletionStage()
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }

  private HttpProber prober() {
    return HttpProber.of(vertx, Timers.of(vertx));
  }

  private Result probe(HttpProber prober, int port, String path) throws Exception {
    return probe(prober, new Endpoint(false, "127.0.0.1", port, 1), SYSTEM_TRUST, path, null);
  }

  private Result probe(
      HttpProber prober, Endpoint endpoint, UpstreamTls tls, String path, @Nullable String host)
      throws Exception {
    HealthCheck check =
        new HealthCheck(
            path,
            host,
            new StatusRange(200, 299),
            Duration.ofSeconds(10),
            Duration.ofMillis(endpoint.tls() ? 5_000 : 400),
            Duration.ofMillis(200),
            3,
            5);
    CompletableFuture<Result> result = new CompletableFuture<>();
    loop.runOnContext(
        now ->
            prober.probe(
                new Prober.Target(Protocol.HTTP1, endpoint, tls, check), result::complete));
    return result.get(10, TimeUnit.SECONDS);
  }
}
