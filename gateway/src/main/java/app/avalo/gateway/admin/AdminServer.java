package app.avalo.gateway.admin;

import app.avalo.gateway.admin.api.ConfigApi;
import app.avalo.gateway.admin.api.ConnectionsApi;
import app.avalo.gateway.admin.api.Controls;
import app.avalo.gateway.admin.api.ExplainApi;
import app.avalo.gateway.admin.api.RegionsApi;
import app.avalo.gateway.admin.api.RoutingApi;
import app.avalo.gateway.admin.api.limit.LimitsApi;
import app.avalo.gateway.admin.api.limit.OverridesApi;
import app.avalo.gateway.admin.api.money.BudgetsApi;
import app.avalo.gateway.admin.api.money.CostsApi;
import app.avalo.gateway.admin.api.money.PursesApi;
import app.avalo.gateway.admin.api.money.SpendersApi;
import app.avalo.gateway.admin.api.pin.PinMapsApi;
import app.avalo.gateway.admin.api.pin.PinOrdersApi;
import app.avalo.gateway.admin.api.pin.PinsApi;
import app.avalo.gateway.admin.http.Api;
import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.edge.EdgeServer;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The admin port. Deploy it once, after the listeners. */
public final class AdminServer extends VerticleBase {
  private static final int HEADER_BYTES = 16 * 1024;
  private static final int URI_BYTES = 16 * 1024;
  private static final int IDLE_SECONDS = 60;
  private static final int CONNECTIONS = 256;

  /** From connecting to the end of the first request head. */
  private static final Duration HEADER_PATIENCE = Duration.ofSeconds(10);

  private final Controls controls;
  private final Ticker ticker;
  private final Map<HttpConnection, Timers.Timer> silent = new IdentityHashMap<>(); // own loop
  private int open; // own loop
  private @Nullable HttpServer server; // start()

  public AdminServer(Controls controls, Ticker ticker) {
    this.controls = controls;
    this.ticker = ticker;
  }

  @Override
  public Future<?> start() {
    HostPort address = controls.plan().config().admin().address();
    Timers timers = Timers.of(vertx);
    Router router = Router.router(vertx);
    Pulse pulse = new Pulse(ticker, timers, controls.controlLoop(), controls.loops());
    pulse.beat();
    new Probes(controls, pulse).register(router);
    Page.load().register(router);
    register(new Api(vertx, router, () -> controls.plan().config().admin(), ticker));
    HttpServer made =
        vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setHost(address.host())
                    .setPort(address.port())
                    .setMaxHeaderSize(HEADER_BYTES)
                    .setMaxInitialLineLength(URI_BYTES)
                    .setIdleTimeout(IDLE_SECONDS)
                    .setIdleTimeoutUnit(TimeUnit.SECONDS)
                    .setHttp2ClearTextEnabled(false)
                    .setCompressionSupported(false)
                    .setDecompressionSupported(false))
            .connectionHandler(connection -> connected(connection, timers))
            .requestHandler(
                request -> {
                  heard(request.connection());
                  router.handle(request);
                })
            .exceptionHandler(failure -> {});
    server = made;
    return made.listen().recover(failure -> EdgeServer.cannotListen("admin", address, failure));
  }

  private void register(Api api) {
    new RoutingApi(controls).register(api);
    new RegionsApi(controls, ticker).register(api);
    new PinsApi(controls).register(api);
    new PinMapsApi(controls).register(api);
    new PinOrdersApi(controls).register(api);
    new LimitsApi(controls).register(api);
    new OverridesApi(controls, ticker).register(api);
    new BudgetsApi(controls).register(api);
    new CostsApi(controls).register(api);
    new SpendersApi(controls, ticker).register(api);
    new PursesApi(controls).register(api);
    new ConfigApi(controls).register(api);
    new ExplainApi(controls).register(api);
    new ConnectionsApi(controls).register(api);
  }

  private void connected(HttpConnection connection, Timers timers) {
    if (open >= CONNECTIONS) {
      connection.close();
      return;
    }
    open++;
    silent.put(connection, timers.after(HEADER_PATIENCE, connection::close));
    connection.closeHandler(
        closed -> {
          open--;
          heard(connection);
        });
  }

  private void heard(HttpConnection connection) {
    Timers.Timer timer = silent.remove(connection);
    if (timer != null) {
      timer.cancel();
    }
  }

  /** Where it listens, once started. */
  public int port() {
    HttpServer started = server;
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    return started.actualPort();
  }
}
