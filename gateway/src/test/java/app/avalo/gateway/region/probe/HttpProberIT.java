package app.avalo.gateway.region.probe;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.CheckAnswer;
import app.avalo.gateway.config.ServiceConfig.CheckKind;
import app.avalo.gateway.config.ServiceConfig.CheckRequest;
import app.avalo.gateway.config.ServiceConfig.CheckTimes;
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
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PfxOptions;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HttpProberIT {
  private static final StatusRange WELL = new StatusRange(200, 299);
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
    "NEVER_ANSWER, SILENT, no answer in 400 ms"
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
    assertThat(result.outcome()).isEqualTo(Outcome.SILENT);
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

  @Test
  void theBodyMustHoldTheExpectedText() throws Exception {
    HttpServer server = serve(new HttpServerOptions(), new CompletableFuture<>());
    assertThat(expecting(server, "ell").ok()).isTrue();
    assertThat(expecting(server, "sick").detail()).isEqualTo("200 without the expected body");
  }

  private Result expecting(HttpServer server, String text) throws Exception {
    return probe(
        prober(),
        new Endpoint(false, "127.0.0.1", server.actualPort(), 1),
        SYSTEM_TRUST,
        CheckKind.HTTP,
        new CheckRequest("/", null, Map.of()),
        new CheckAnswer(WELL, text));
  }

  @Test
  void textBeyondTheFirst64KiBIsNotFound() throws Exception {
    Endpoint endpoint = new Endpoint(false, "127.0.0.1", region.port(), 1);
    CheckRequest ask = new CheckRequest("/health?bytes=50000000", null, Map.of());
    assertThat(
            probe(
                    prober(),
                    endpoint,
                    SYSTEM_TRUST,
                    CheckKind.HTTP,
                    ask,
                    new CheckAnswer(WELL, "no such text"))
                .outcome())
        .isEqualTo(Outcome.MISSED);
  }

  @Test
  void theCheckCarriesItsHeaderFields() throws Exception {
    CompletableFuture<@Nullable String> seen = new CompletableFuture<>();
    HttpServer server = serve(new HttpServerOptions(), seen, "X-Check");
    Endpoint endpoint = new Endpoint(false, "127.0.0.1", server.actualPort(), 1);
    CheckRequest ask = new CheckRequest("/", null, Map.of("X-Check", "gateway"));
    probe(prober(), endpoint, SYSTEM_TRUST, CheckKind.HTTP, ask, new CheckAnswer(WELL, null));
    assertThat(seen.get(5, TimeUnit.SECONDS)).isEqualTo("gateway");
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"NORMAL", "ERROR_500", "NEVER_ANSWER", "GARBAGE"})
  void aTcpCheckAsksForNothingButAConnection(Mode mode) throws Exception {
    region.mode(mode);
    assertThat(without(CheckKind.TCP, prober(), region.port()).ok()).isTrue();
  }

  @Test
  void aTcpCheckOfAClosedPortIsRefused() throws Exception {
    int closed;
    try (ServerSocket socket = new ServerSocket(0)) {
      closed = socket.getLocalPort();
    }
    assertThat(without(CheckKind.TCP, prober(), closed).outcome()).isEqualTo(Outcome.REFUSED);
  }

  @Test
  void pingsShareOneConnectionAndOpenAnotherOnceItIsClosed() throws Exception {
    AtomicInteger opened = new AtomicInteger();
    CompletableFuture<HttpConnection> first = new CompletableFuture<>();
    HttpServer server =
        vertx
            .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(0))
            .connectionHandler(
                connection -> {
                  opened.incrementAndGet();
                  first.complete(connection);
                })
            .requestHandler(request -> request.response().end())
            .listen()
            .toCompletionStage()
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    HttpProber prober = prober();
    for (int i = 0; i < 3; i++) {
      assertThat(without(CheckKind.HTTP2_PING, prober, server.actualPort()).detail())
          .isEqualTo("pong");
    }
    assertThat(opened).hasValue(1);
    first.get(5, TimeUnit.SECONDS).close().toCompletionStage().toCompletableFuture().get();
    for (int i = 0; opened.get() == 1 && i < 100; i++) {
      without(CheckKind.HTTP2_PING, prober, server.actualPort());
    }
    assertThat(opened).hasValue(2);
    assertThat(without(CheckKind.HTTP2_PING, prober, server.actualPort()).ok()).isTrue();
  }

  @Test
  void aPingThatNobodyAnswersIsSilence() throws Exception {
    region.mode(Mode.NEVER_ANSWER);
    try (ServerSocket mute = new ServerSocket(0)) {
      assertThat(without(CheckKind.HTTP2_PING, prober(), mute.getLocalPort()).outcome())
          .isEqualTo(Outcome.SILENT);
    }
  }

  @Test
  void aCheckMeasuresTheRoundTripOverAnOpenConnection() throws Exception {
    long most = Duration.ofMillis(400).toNanos();
    assertThat(probe(prober(), region.port(), "/health").roundTripNanos()).isBetween(1L, most);
    assertThat(without(CheckKind.TCP, prober(), region.port()).roundTripNanos())
        .isBetween(1L, most);
    Endpoint secure =
        new Endpoint(true, "127.0.0.1", serve(tls(), new CompletableFuture<>()).actualPort(), 1);
    UpstreamTls anybody = new UpstreamTls(null, null, false, null, Duration.ofSeconds(1));
    assertThat(
            probe(
                    prober(),
                    secure,
                    anybody,
                    CheckKind.TCP,
                    new CheckRequest("/", null, Map.of()),
                    new CheckAnswer(WELL, null))
                .roundTripNanos())
        .as("a handshake is more than one round trip")
        .isZero();
  }

  private Result without(CheckKind kind, HttpProber prober, int port) throws Exception {
    return probe(
        prober,
        new Endpoint(false, "127.0.0.1", port, 1),
        SYSTEM_TRUST,
        kind,
        new CheckRequest("/", null, Map.of()),
        new CheckAnswer(WELL, null));
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
    return serve(options, host, "Host");
  }

  private HttpServer serve(
      HttpServerOptions options, CompletableFuture<@Nullable String> seen, String field)
      throws Exception {
    return vertx
        .createHttpServer(options.setHost("127.0.0.1").setPort(0))
        .requestHandler(
            request -> {
              seen.complete(request.getHeader(field));
              request.response().end("well");
            })
        .listen()
        .toCompletionStage()
        .toCompletableFuture()
        .get(10, TimeUnit.SECONDS);
  }

  private HttpProber prober() {
    return HttpProber.of(vertx, Timers.of(vertx), new UpstreamTrust(vertx));
  }

  private Result probe(HttpProber prober, int port, String path) throws Exception {
    return probe(prober, new Endpoint(false, "127.0.0.1", port, 1), SYSTEM_TRUST, path, null);
  }

  private Result probe(
      HttpProber prober, Endpoint endpoint, UpstreamTls tls, String path, @Nullable String host)
      throws Exception {
    return probe(
        prober,
        endpoint,
        tls,
        CheckKind.HTTP,
        new CheckRequest(path, host, Map.of()),
        new CheckAnswer(WELL, null));
  }

  private Result probe(
      HttpProber prober,
      Endpoint endpoint,
      UpstreamTls tls,
      CheckKind kind,
      CheckRequest ask,
      CheckAnswer expect)
      throws Exception {
    Duration timeout = Duration.ofMillis(endpoint.tls() ? 5_000 : 400);
    HealthCheck check =
        new HealthCheck(
            kind,
            ask,
            expect,
            new CheckTimes(
                Duration.ofSeconds(10), Duration.ofSeconds(1), timeout, Duration.ofMillis(200)),
            3,
            5);
    Protocol protocol = kind == CheckKind.HTTP2_PING ? Protocol.HTTP2 : Protocol.HTTP1;
    CompletableFuture<Result> result = new CompletableFuture<>();
    loop.runOnContext(
        now -> prober.probe(new Prober.Target(protocol, endpoint, tls, check), result::complete));
    return result.get(10, TimeUnit.SECONDS);
  }
}
