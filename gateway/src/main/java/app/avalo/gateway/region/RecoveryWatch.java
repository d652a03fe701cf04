package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.EndpointSignals.Key;
import app.avalo.gateway.region.recovery.Recoveries;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows the services of a lost region to those who measure their recovery. Control loop only. */
final class RecoveryWatch implements Recoveries.Scene {
  private final Ticker ticker;
  private final Map<Key, EndpointDetector> detectors;
  private final RegionBoard board;
  private final Recoveries recoveries;
  private @Nullable Plan plan;

  RecoveryWatch(Ticker ticker, Map<Key, EndpointDetector> detectors, RegionBoard board) {
    this.ticker = ticker;
    this.detectors = detectors;
    this.board = board;
    this.recoveries = new Recoveries(ticker, this);
  }

  Recoveries recoveries() {
    return recoveries;
  }

  void follow(Plan plan) {
    this.plan = plan;
  }

  /** A region is lost by what was observed. */
  void lost(RegionState state) {
    Region region = plan == null ? null : plan.region(state.name());
    if (region == null) {
      return;
    }
    for (Service service : plan.services()) {
      if (!service.in(region).isEmpty()) {
        boolean bound = service.config().pin() != null;
        recoveries.began(
            new Recoveries.Loss(
                service.name(),
                region.name(),
                state.evidenceNanos(),
                bound ? ticker.nanos() : state.doubtedNanos(),
                service.config().targets().recovery()));
      }
    }
  }

  @Override
  public long touchedNanos(String service, String region) {
    long last = Long.MIN_VALUE;
    Service of = service(service);
    Region in = plan == null ? null : plan.region(region);
    if (of != null && in != null) {
      for (Endpoint endpoint : of.in(in)) {
        EndpointDetector detector = detectors.get(Key.of(region, endpoint, of.config()));
        if (detector != null) {
          last = Math.max(last, detector.touchedNanos());
        }
      }
    }
    return last;
  }

  @Override
  public boolean isServedElsewhere(String service, String region) {
    Service of = service(service);
    if (plan == null || of == null) {
      return false;
    }
    for (Region other : plan.regions()) {
      if (!other.name().equals(region)
          && board.standing(other.name()) == Standing.IN_SERVICE
          && isUp(of, other)) {
        return true;
      }
    }
    return false;
  }

  private boolean isUp(Service service, Region region) {
    for (Endpoint endpoint : service.in(region)) {
      EndpointDetector detector = detectors.get(Key.of(region.name(), endpoint, service.config()));
      if (detector != null && detector.signals().standing() == Standing.IN_SERVICE) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean isBack(String service, String region) {
    return service(service) == null
        || plan == null
        || plan.region(region) == null
        || !board.isLost(region);
  }

  private @Nullable Service service(String name) {
    if (plan != null) {
      for (Service service : plan.services()) {
        if (service.name().equals(name)) {
          return service;
        }
      }
    }
    return null;
  }
}
