package app.avalo.gateway.reload;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.edge.EdgeServer;
import app.avalo.gateway.edge.tls.TlsFiles;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves new handshakes with certificates as soon as their files change; open connections go on.
 * Files that cannot be used change nothing, are logged once, and are tried again when they change
 * again. Polls, for the reasons given at {@link Reloader}.
 */
public final class CertificateWatch {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateWatch.class);
  private static final long POLL_MILLIS = 2000;

  private final Vertx vertx;
  private final EdgeServer server;
  private final List<Path> files;
  private FileStamps seen; // written between two polls, of which there is one at a time

  private CertificateWatch(Vertx vertx, EdgeServer server, ListenerConfig.Tls tls) {
    this.vertx = vertx;
    this.server = server;
    this.files = TlsFiles.of(tls);
    this.seen = FileStamps.of(List.of());
  }

  /**
   * Watches the files of every listener that has some, from what is served now.
   *
   * @param servers of one loop; all loops share a listener's certificates
   */
  public static void start(Vertx vertx, List<EdgeServer> servers) {
    for (EdgeServer server : servers) {
      ListenerConfig.Tls tls = server.listener().tls();
      if (tls != null) {
        // The first look finds everything changed: files may have changed since they were read.
        new CertificateWatch(vertx, server, tls).later();
      }
    }
  }

  private void later() {
    vertx.setTimer(POLL_MILLIS, fired -> poll());
  }

  private void poll() {
    vertx
        .executeBlocking(() -> FileStamps.of(files))
        .compose(
            now -> {
              if (now.equals(seen)) {
                return Future.succeededFuture();
              }
              seen = now;
              return server.reloadCertificates().onComplete(this::reloaded);
            })
        .onComplete(done -> later());
  }

  private void reloaded(Boolean changed, Throwable failure) {
    if (failure != null) {
      LOG.atError()
          .addKeyValue("listener", server.listener().name())
          .addKeyValue("cause", failure.getMessage())
          .log("certificates refused, the ones in use stay");
    } else if (changed) {
      LOG.atInfo().addKeyValue("listener", server.listener().name()).log("certificates reloaded");
    }
  }
}
