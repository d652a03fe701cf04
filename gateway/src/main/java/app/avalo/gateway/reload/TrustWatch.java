package app.avalo.gateway.reload;

import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens connections to services by what the files of {@code upstreamTls} hold as soon as they
 * change; open connections go on. Files that cannot be used change nothing, are logged once, and
 * are tried again when they change again. Polls, for the reasons given at {@link Reloader}.
 */
public final class TrustWatch {
  private static final Logger LOG = LoggerFactory.getLogger(TrustWatch.class);
  private static final long POLL_MILLIS = 2000;

  private final Vertx vertx;
  private final UpstreamTrust trust;
  private final Map<UpstreamTls, FileStamps> seen = new HashMap<>(); // whoever looks, in turn

  public TrustWatch(Vertx vertx) {
    this.vertx = vertx;
    this.trust = new UpstreamTrust(vertx);
  }

  /** What it keeps up to date. */
  public UpstreamTrust trust() {
    return trust;
  }

  /** Reads what changed of the files of a plan, or is new; never fails. */
  public Future<Void> look(Plan plan) {
    return vertx.executeBlocking(
        () -> {
          read(used(plan));
          return null;
        });
  }

  /** Looks at the files of the plan in force from now on; call once. */
  public void start(Supplier<Plan> plan) {
    vertx.setTimer(
        POLL_MILLIS,
        fired ->
            vertx
                .executeBlocking(
                    () -> {
                      Set<UpstreamTls> used = used(plan.get());
                      read(used);
                      forgetOthers(used);
                      return null;
                    })
                .onComplete(looked -> start(plan)));
  }

  private static Set<UpstreamTls> used(Plan plan) {
    Set<UpstreamTls> used = new HashSet<>();
    for (ServiceConfig service : plan.config().services().values()) {
      used.add(service.upstreamTls());
    }
    for (RegionConfig region : plan.config().regions().values()) {
      if (region.check() != null) {
        used.add(region.check().upstreamTls());
      }
    }
    used.removeIf(tls -> UpstreamTrust.files(tls).isEmpty());
    return used;
  }

  private synchronized void read(Set<UpstreamTls> used) {
    for (UpstreamTls tls : used) {
      FileStamps now = FileStamps.of(UpstreamTrust.files(tls));
      if (!now.equals(seen.put(tls, now))) {
        read(tls);
      }
    }
  }

  private synchronized void forgetOthers(Set<UpstreamTls> used) {
    seen.keySet().retainAll(used);
    trust.retain(used);
  }

  private void read(UpstreamTls tls) {
    try {
      if (trust.read(tls)) {
        LOG.atInfo()
            .addKeyValue("files", UpstreamTrust.files(tls))
            .log("certificates for services reloaded");
      }
    } catch (GeneralSecurityException unusable) {
      LOG.atError()
          .addKeyValue("cause", unusable.getMessage())
          .log("certificates for services refused, the ones in use stay");
    }
  }
}
