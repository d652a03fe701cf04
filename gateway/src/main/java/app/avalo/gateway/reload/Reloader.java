package app.avalo.gateway.reload;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.yaml.Fault;
import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the configuration again when its files change or somebody asks: load, validate, compile,
 * swap. A bad file changes nothing.
 *
 * <p>Files are polled, not watched: a ConfigMap swaps a symbolic link that file events miss, and
 * network file systems have none. One poll looks at the attributes of a handful of files.
 */
public final class Reloader {
  private static final Logger LOG = LoggerFactory.getLogger(Reloader.class);
  private static final long POLL_MILLIS = 1000;

  private final Vertx vertx;
  private final Ticker ticker;
  private final ConfigSource source;
  private final CurrentPlan plan;
  private final GatewayConfig started; // what sections that need a restart run with
  private final Function<Plan, Future<Void>> swapped;
  private volatile Set<Path> files; // whoever finished a reload
  private FileStamps seen;
  private volatile ReloadStatus status;
  private volatile boolean stopped;
  private Future<ReloadStatus> running = Future.succeededFuture();

  public Reloader(
      Vertx vertx,
      Ticker ticker,
      ConfigSource source,
      Loaded.Valid initial,
      CurrentPlan plan,
      Function<Plan, Future<Void>> swapped) {
    this.vertx = vertx;
    this.ticker = ticker;
    this.source = source;
    this.plan = plan;
    this.started = initial.config();
    this.swapped = swapped;
    this.files = initial.files();
    this.seen = FileStamps.of(files);
    this.status =
        new ReloadStatus(
            true, "start", ticker.epochMillis(), initial.fingerprint(), List.of(), List.of(), 0, 0);
  }

  public ReloadStatus status() {
    return status;
  }

  /** No look at the files begins after this. */
  public void stop() {
    stopped = true;
  }

  /** Looks at the files from now on; call once. */
  public void watch() {
    vertx.setTimer(POLL_MILLIS, fired -> poll());
  }

  private void poll() {
    if (stopped) {
      return;
    }
    vertx
        .executeBlocking(() -> FileStamps.of(files))
        .compose(
            now -> {
              if (now.equals(seen)) {
                return Future.succeededFuture();
              }
              seen = now;
              return reload("file").mapEmpty();
            })
        .onComplete(
            done -> {
              if (!stopped) {
                watch();
              }
            });
  }

  /** Loads and, if there is no fault, swaps; one at a time, in the order asked. */
  public synchronized Future<ReloadStatus> reload(String cause) {
    running = running.transform(before -> attempt(cause));
    return running;
  }

  private Future<ReloadStatus> attempt(String cause) {
    return vertx
        .executeBlocking(
            () -> {
              // Before it is read: what changes meanwhile must look changed to the next poll.
              FileStamps before = FileStamps.of(files);
              Loaded loaded = source.load();
              FileStamps stamps = FileStamps.of(loaded.files()).orEarlier(before);
              return Map.entry(loaded, stamps);
            })
        .compose(
            read -> {
              if (!read.getKey().files().isEmpty()) {
                files = read.getKey().files();
                seen = read.getValue();
              }
              return read.getKey() instanceof Loaded.Valid valid
                  ? swap(valid, cause)
                  : Future.succeededFuture(reject((Loaded.Invalid) read.getKey(), cause));
            });
  }

  private Future<ReloadStatus> swap(Loaded.Valid valid, String cause) {
    List<String> needsRestart = needsRestart(valid.config());
    Plan next = Plan.compile(valid.config());
    return swapped
        .apply(next)
        .map(
            done -> {
              plan.swap(next);
              ReloadStatus before = status;
              status =
                  new ReloadStatus(
                      true,
                      cause,
                      ticker.epochMillis(),
                      valid.fingerprint(),
                      List.of(),
                      needsRestart,
                      before.reloads() + 1,
                      before.failures());
              LOG.atInfo()
                  .addKeyValue("cause", cause)
                  .addKeyValue("fingerprint", valid.fingerprint())
                  .addKeyValue("needsRestart", needsRestart)
                  .log("configuration reloaded");
              return status;
            });
  }

  private ReloadStatus reject(Loaded.Invalid invalid, String cause) {
    List<String> faults = invalid.faults().stream().map(Fault::toString).toList();
    ReloadStatus before = status;
    status =
        new ReloadStatus(
            false,
            cause,
            ticker.epochMillis(),
            before.fingerprint(),
            faults,
            before.needsRestart(),
            before.reloads(),
            before.failures() + 1);
    LOG.atError()
        .addKeyValue("cause", cause)
        .addKeyValue("faults", faults.size())
        .addKeyValue("first", faults.get(0))
        .log("configuration refused, the one in force stays");
    return status;
  }

  private List<String> needsRestart(GatewayConfig next) {
    GatewayConfig now = started;
    List<String> sections = new ArrayList<>();
    if (!now.listeners().equals(next.listeners())) {
      sections.add("listeners");
    }
    if (!now.admin().address().equals(next.admin().address())) {
      sections.add("admin.address");
    }
    if (!now.state().equals(next.state())) {
      sections.add("state");
    }
    if (!now.accessLog().equals(next.accessLog())) {
      sections.add("accessLog");
    }
    return List.copyOf(sections);
  }
}
