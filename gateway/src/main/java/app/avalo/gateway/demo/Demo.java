package app.avalo.gateway.demo;

import app.avalo.gateway.config.load.ConfigLoader;
import app.avalo.gateway.config.load.Loaded;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The regions of the demo on one event loop, and a port that kills and revives them. */
public final class Demo extends VerticleBase {
  private static final String RESOURCE = "/demo/gateway.yaml";
  private static final int CONTROL_PORT = 18_080;
  private static final int FIRST_REGION_PORT = 18_081;
  private static final String[] REGIONS = {"eu", "us", "asia"};

  private final Map<String, DemoRegion> regions = new LinkedHashMap<>();
  private final Wallets wallets = new Wallets();
  private final boolean freePorts;
  private final Promise<Demo> started = Promise.promise();
  private int controlPort;

  private Demo(boolean freePorts) {
    this.freePorts = freePorts;
  }

  /**
   * Starts the regions.
   *
   * @param freePorts whether the system chooses all ports
   */
  public static Future<Demo> start(Vertx vertx, boolean freePorts) {
    Demo demo = new Demo(freePorts);
    return vertx.deployVerticle(demo).compose(id -> demo.started.future());
  }

  @Override
  public Future<?> start() {
    Future<?> all = Future.succeededFuture();
    for (int i = 0; i < REGIONS.length; i++) {
      int port = freePorts ? 0 : FIRST_REGION_PORT + i;
      DemoRegion region = new DemoRegion(vertx, REGIONS[i], port, wallets);
      regions.put(region.name(), region);
      all = all.compose(before -> region.start());
    }
    return all.compose(before -> control()).onSuccess(done -> started.complete(this));
  }

  private Future<?> control() {
    int port = freePorts ? 0 : CONTROL_PORT;
    HttpServer server =
        vertx
            .createHttpServer(new HttpServerOptions().setHost("127.0.0.1").setPort(port))
            .requestHandler(this::control);
    return server
        .listen()
        .onSuccess(listening -> controlPort = listening.actualPort())
        .recover(failure -> Future.failedFuture(taken("the demo's control", port, failure)));
  }

  /**
   * {@code POST /REGION/kill?after=500} (ms), {@code POST /REGION/kill?answers=5}, {@code POST
   * /REGION/revive}, {@code GET /wallets/USER}: where that user's money was booked.
   */
  private void control(HttpServerRequest request) {
    if (request.method().name().equals("GET") && request.path().startsWith("/wallets/")) {
      request.response().end(wallets.history(request.path().substring("/wallets/".length())));
      return;
    }
    String[] parts = request.path().split("/", 4);
    DemoRegion region = parts.length == 3 ? regions.get(parts[1]) : null;
    boolean kill = region != null && parts[2].equals("kill");
    boolean revive = region != null && parts[2].equals("revive");
    if (!request.method().name().equals("POST") || !(kill || revive)) {
      request
          .response()
          .setStatusCode(404)
          .end(
              "POST /eu/kill, /eu/kill?after=500, /eu/kill?answers=5, /eu/revive; also us, asia; GET /wallets/maria\n");
      return;
    }
    long after = kill ? number(request.getParam("after")) : 0;
    long answers = kill ? number(request.getParam("answers")) : 0;
    DemoRegion target = java.util.Objects.requireNonNull(region);
    if (answers > 0) {
      target.killAfter(answers);
      request.response().end(target.name() + " dies after " + answers + " answers\n");
      return;
    }
    if (after > 0) {
      vertx.setTimer(after, due -> target.kill());
      request.response().end(target.name() + " dies in " + after + " ms\n");
      return;
    }
    Future<Void> done = kill ? target.kill() : target.start();
    done.onComplete(
        ended -> request.response().end(target.name() + (kill ? " is dead\n" : " lives\n")),
        failed -> request.response().setStatusCode(500).end(failed.getMessage() + "\n"));
  }

  private static long number(@Nullable String text) {
    try {
      return text == null ? 0 : Math.min(Math.max(Long.parseLong(text), 0), 60_000);
    } catch (NumberFormatException none) {
      return 0;
    }
  }

  /** What a port that cannot be had means to whoever starts the demo. */
  static IOException taken(String whose, int port, Throwable failure) {
    return new IOException(
        "127.0.0.1:%d (%s): %s; `demo --free-ports` takes others"
            .formatted(port, whose, failure.getMessage()),
        failure);
  }

  /**
   * The configuration of the gateway in front of these regions.
   *
   * @param env the process's environment, which may change all but the regions' ports
   */
  public Loaded load(Function<String, @Nullable String> env) {
    Map<String, Integer> ports = new LinkedHashMap<>();
    regions.forEach((name, region) -> ports.put("DEMO_" + upper(name) + "_PORT", region.port()));
    if (freePorts) {
      ports.put("DEMO_PORT", 0);
      ports.put("DEMO_ADMIN_PORT", 0);
    }
    try (InputStream in = Demo.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing from the jar");
      }
      return ConfigLoader.parse(
          "demo/gateway.yaml",
          in.readAllBytes(),
          Path.of(""),
          name -> ports.containsKey(name) ? String.valueOf(ports.get(name)) : env.apply(name));
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static String upper(String name) {
    return name.toUpperCase(java.util.Locale.ROOT);
  }

  /** Where regions are killed and revived. */
  public int controlPort() {
    return controlPort;
  }

  /** Ports by region, in order. */
  public Map<String, Integer> ports() {
    Map<String, Integer> ports = new LinkedHashMap<>();
    regions.forEach((name, region) -> ports.put(name, region.port()));
    return ports;
  }
}
