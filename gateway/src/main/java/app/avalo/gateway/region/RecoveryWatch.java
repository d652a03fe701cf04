package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.EndpointSignals.Key;
import app.avalo.gateway.region.recovery.Recoveries;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Shows the services of a lost region, and a service that lost all its endpoints in a region, to
 * those who measure their recovery. Control loop only.
 */
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
        began(service, region, state.evidenceNanos(), state.doubtedNanos());
      }
    }
  }

  /** An endpoint is out: of its region's services some may have no other left there. */
  void lost(EndpointDetector endpoint) {
    Key key = endpoint.signals().key();
    Region region = plan == null ? null : plan.region(key.region());
    if (region == null || board.standing(region.name()) == Standing.OUT) {
      return;
    }
    for (Service service : plan.services()) {
      List<EndpointDetector> own = own(service, region);
      if (own.contains(endpoint) && isGone(own)) {
        long evidence = endpoint.signals().evidenceNanos();
        long doubted = own.get(0).signals().doubtedNanos();
        for (EndpointDetector each : own) {
          // Requests went elsewhere once the last one was in doubt; what was lost long before is
          // no part of this loss.
          doubted = Math.max(doubted, each.signals().doubtedNanos());
        }
        for (EndpointDetector each : own) {
          boolean together =
              doubted - each.signals().evidenceNanos() < RegionState.TOGETHER.toNanos();
          evidence = together ? Math.min(evidence, each.signals().evidenceNanos()) : evidence;
        }
        began(service, region, evidence, doubted);
      }
    }
  }

  private void began(Service service, Region region, long evidenceNanos, long doubtedNanos) {
    boolean bound = service.config().pin() != null;
    recoveries.began(
        new Recoveries.Loss(
            service.name(),
            region.name(),
            evidenceNanos,
            bound ? ticker.nanos() : doubtedNanos,
            service.config().targets().recovery()));
  }

  private List<EndpointDetector> own(Service service, Region region) {
    List<EndpointDetector> own = new ArrayList<>();
    for (Endpoint endpoint : service.in(region)) {
      EndpointDetector detector = detectors.get(Key.of(region.name(), endpoint, service.config()));
      if (detector != null) {
        own.add(detector);
      }
    }
    return own;
  }

  private static boolean isGone(List<EndpointDetector> own) {
    boolean gone = !own.isEmpty();
    for (EndpointDetector each : own) {
      gone &= each.signals().standing() == Standing.OUT;
    }
    return gone;
  }

  @Override
  public long touchedNanos(String service, String region) {
    long last = Long.MIN_VALUE;
    Service of = service(service);
    Region in = plan == null ? null : plan.region(region);
    if (of != null && in != null) {
      for (EndpointDetector endpoint : own(of, in)) {
        last = Math.max(last, endpoint.touchedNanos());
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
      if (!other.name().equals(region) && serves(board.standing(other.name())) && isUp(of, other)) {
        return true;
      }
    }
    return false;
  }

  private boolean isUp(Service service, Region region) {
    for (EndpointDetector endpoint : own(service, region)) {
      if (serves(endpoint.signals().standing())) {
        return true;
      }
    }
    return false;
  }

  /** Who asks to be left still serves whoever finds no better place. */
  private static boolean serves(Standing standing) {
    return standing.compareTo(Standing.SUSPECT) < 0;
  }

  @Override
  public boolean isBack(String service, String region) {
    Service of = service(service);
    Region in = plan == null ? null : plan.region(region);
    return of == null || in == null || !board.isLost(region) && !isGone(own(of, in));
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
