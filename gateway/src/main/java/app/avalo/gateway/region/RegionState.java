package app.avalo.gateway.region;

import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.RegionStatus.Incident;
import app.avalo.gateway.region.share.Share;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A region's standing: what its endpoints say, kept apart from what an operator ordered. Written by
 * the control loop; {@link #standing} is read by every loop.
 */
final class RegionState {
  static final int INCIDENTS = 50;

  /** Endpoints that are lost within this time are one loss. */
  static final Duration TOGETHER = Duration.ofSeconds(30);

  private final String name;
  private final Ticker ticker;
  private final Share share;
  private final Deque<Incident> incidents = new ArrayDeque<>();
  private volatile Standing standing = Standing.IN_SERVICE; // control loop
  private List<EndpointDetector> endpoints = List.of();
  private double minHealthy;
  private boolean refused;
  private long sinceEpochMillis;
  private long doubtedNanos; // when it was last in service without a doubt
  private String reason = "new";

  RegionState(String name, Ticker ticker) {
    this.name = name;
    this.ticker = ticker;
    this.share = new Share(name, ticker);
    this.sinceEpochMillis = ticker.epochMillis();
  }

  String name() {
    return name;
  }

  Standing standing() {
    return standing;
  }

  Share share() {
    return share;
  }

  void reconfigure(double minHealthy, List<EndpointDetector> endpoints) {
    this.minHealthy = minHealthy;
    this.endpoints = List.copyOf(endpoints);
  }

  /**
   * What the endpoints say: out when too few could serve, suspect when that depends on suspects.
   */
  Standing observed() {
    int sure = 0;
    int possible = 0;
    for (EndpointDetector endpoint : endpoints) {
      Standing one = endpoint.signals().standing();
      sure += one == Standing.IN_SERVICE ? 1 : 0;
      possible += one != Standing.OUT ? 1 : 0;
    }
    double needed = minHealthy * endpoints.size();
    if (possible < needed) {
      return Standing.OUT;
    }
    return sure < needed ? Standing.SUSPECT : Standing.IN_SERVICE;
  }

  /** Whether nothing is heard of any of its endpoints that could be used. */
  boolean isSilent() {
    boolean silent = false;
    for (EndpointDetector endpoint : endpoints) {
      if (endpoint.isSilent()) {
        silent = true;
      } else if (endpoint.signals().standing() != Standing.OUT) {
        return false;
      }
    }
    return silent;
  }

  /** Whether most of its endpoints answer far slower than they used to. */
  boolean isSlow() {
    int slow = 0;
    for (EndpointDetector endpoint : endpoints) {
      slow += endpoint.isSlow() ? 1 : 0;
    }
    return slow * 2 > endpoints.size();
  }

  /** Since when its requests go elsewhere. */
  long doubtedNanos() {
    return doubtedNanos;
  }

  /**
   * When the first evidence of its loss began: of its endpoints that are in doubt or out, leaving
   * aside those that were so long before.
   */
  long evidenceNanos() {
    long first = doubtedNanos;
    for (EndpointDetector endpoint : endpoints) {
      long evidence = endpoint.evidenceNanos();
      if (endpoint.signals().standing() != Standing.IN_SERVICE
          && doubtedNanos - evidence < TOGETHER.toNanos()
          && evidence - first < 0) {
        first = evidence;
      }
    }
    return first;
  }

  /** Whether its eviction was refused by the panic rule when last evaluated. */
  boolean refused() {
    return refused;
  }

  void refused(boolean now) {
    refused = now;
  }

  /** Takes a standing; true if it is another one. */
  boolean become(Standing to, String why) {
    if (to == standing) {
      return false;
    }
    if (standing == Standing.IN_SERVICE) {
      doubtedNanos = ticker.nanos();
    }
    note("region", standing, to, why);
    if (to == Standing.OUT) {
      share.lost();
    } else if (standing == Standing.OUT) {
      share.returned();
    }
    standing = to;
    sinceEpochMillis = ticker.epochMillis();
    reason = why;
    return true;
  }

  void note(String subject, Standing from, Standing to, String why) {
    if (incidents.size() == INCIDENTS) {
      incidents.removeFirst();
    }
    incidents.addLast(new Incident(ticker.epochMillis(), subject, from, to, why));
  }

  RegionStatus status(@Nullable Forced forced) {
    List<RegionStatus.EndpointStatus> all = new ArrayList<>();
    endpoints.forEach(endpoint -> all.add(endpoint.status()));
    return new RegionStatus(
        name,
        standing,
        sinceEpochMillis,
        reason,
        observed(),
        refused,
        new RegionStatus.Taking(
            standing == Standing.OUT ? 0 : share.now(),
            share.users(),
            share.drainUsersPerStep(),
            share.isDrained()),
        forced,
        List.copyOf(all),
        List.copyOf(incidents));
  }
}
