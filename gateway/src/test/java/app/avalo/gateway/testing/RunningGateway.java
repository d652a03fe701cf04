package app.avalo.gateway.testing;

import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.reload.ConfigSource;
import app.avalo.gateway.run.Gateway;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A real gateway in this process, on free ports, from YAML in the test. The header below gives it
 * one plain listener and trusted loopback peers, so that a test only writes what it is about.
 */
public final class RunningGateway implements AutoCloseable {
  /** Everything that a test does not care about. */
  public static final String COMMON =
      """
      name: test
      listeners: [{name: plain, address: "127.0.0.1:0"}]
      admin: {address: "127.0.0.1:0"}
      trustedHops: [127.0.0.0/8]
      accessLog: {to: "off"}
      """;

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Vertx vertx;
  private final Gateway gateway;
  private final AtomicReference<String> yaml;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  private RunningGateway(Vertx vertx, Gateway gateway, AtomicReference<String> yaml) {
    this.vertx = vertx;
    this.gateway = gateway;
    this.yaml = yaml;
  }

  /** Starts one with {@link #COMMON} and these sections. */
  public static RunningGateway start(String sections) {
    return startExactly(COMMON + sections);
  }

  /** Starts one with exactly this configuration. */
  public static RunningGateway startExactly(String text) {
    AtomicReference<String> yaml = new AtomicReference<>(text);
    ConfigSource source = () -> parse(yaml.get());
    if (!(source.load() instanceof Loaded.Valid valid)) {
      throw new AssertionError(((Loaded.Invalid) source.load()).faults());
    }
    Vertx vertx =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(3));
    return new RunningGateway(vertx, await(Gateway.start(vertx, source, valid, 2)), yaml);
  }

  /** Starts one that passes everything on to a service on this port, and waits until it does. */
  public static RunningGateway inFrontOf(int port) {
    RunningGateway gateway =
        start(
            """
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              feed:
                regions: {eu: ["http://127.0.0.1:%d"]}
                timeouts: {attempt: 2s, total: 4s}
            routes:
              - {name: all, match: {path: {prefix: /}}, service: feed}
            """
                .formatted(port));
    Awaiting.until(gateway.gateway::isReady);
    return gateway;
  }

  private static Loaded parse(String text) {
    return ConfigLoader.parse(
        "test.yaml",
        text.getBytes(StandardCharsets.UTF_8),
        Path.of(""),
        Map.<String, String>of()::get);
  }

  /** What a region and its service look like in YAML. */
  public static String endpoint(int port) {
    return "http://127.0.0.1:" + port;
  }

  public Gateway gateway() {
    return gateway;
  }

  /** The plain listener. */
  public int port() {
    return gateway.port("plain");
  }

  /** The operators' port. */
  public int adminPort() {
    return gateway.adminPort();
  }

  public URI uri(String pathAndQuery) {
    return URI.create("http://127.0.0.1:" + port() + pathAndQuery);
  }

  /** Changes what the next reload reads; the sections behind {@link #COMMON}. */
  public void rewrite(String sections) {
    yaml.set(COMMON + sections);
  }

  /** Changes what the next reload reads, all of it. */
  public void rewriteExactly(String text) {
    yaml.set(text);
  }

  /** A request of a client that sends and reads when the test says so. */
  public HttpClientRequest open(HttpClientOptions options, HttpMethod method, String uri) {
    return await(
        vertx
            .createHttpClient(options.setHttp2ClearTextUpgrade(false))
            .request(method, port(), "127.0.0.1", uri));
  }

  public HttpResponse<String> get(String pathAndQuery, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(pathAndQuery)).timeout(PATIENCE);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  public HttpResponse<String> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException failed) {
      throw new AssertionError(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }

  /** Waits for a future from a test's thread. */
  public static <T> T await(Future<T> future) {
    try {
      return future
          .toCompletionStage()
          .toCompletableFuture()
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException failed) {
      throw new AssertionError(failed.getCause());
    } catch (TimeoutException late) {
      throw new AssertionError(late);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }

  public Vertx vertx() {
    return vertx;
  }

  @Override
  public void close() {
    await(gateway.stop(Duration.ofMillis(1)));
  }
}
