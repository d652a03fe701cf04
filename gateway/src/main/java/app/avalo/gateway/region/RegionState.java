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
 * A region's standing: what its endpoints and its own check say, kept apart from what an operator
 * ordered. Written by the control loop; {@link #standing} is read by every loop.
 */
final class RegionState {
  static final int INCIDENTS = 50;

  private static final Standing[] STANDINGS = Standing.values();

  /** Endpoints that are lost within this time are one loss. */
  static final Duration TOGETHER = Duration.ofSeconds(30);

  private final String name;
  private final Ticker ticker;
  private final Share share;
  private final Deque<Incident> incidents = new ArrayDeque<>();
  private volatile Standing standing = Standing.IN_SERVICE; // control loop
  private List<EndpointDetector> endpoints = List.of();
  private @Nullable EndpointDetector whole; // the check of the region itself
  private double minHealthy;
  private boolean refused;
  private long sinceEpochMillis;
  private long doubtedNanos; // when it was last without a doubt
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

  void reconfigure(
      double minHealthy, List<EndpointDetector> endpoints, @Nullable EndpointDetector whole) {
    this.minHealthy = minHealthy;
    this.endpoints = List.copyOf(endpoints);
    this.whole = whole;
  }

  /** What is seen of it: the worse of what its endpoints and its own check say. */
  Standing observed() {
    Standing itself = whole == null ? Standing.IN_SERVICE : whole.signals().standing();
    Standing ofEndpoints = ofEndpoints();
    return itself.compareTo(ofEndpoints) > 0 ? itself : ofEndpoints;
  }

  /** Why it has what is observed. */
  String because() {
    Standing itself = whole == null ? Standing.IN_SERVICE : whole.signals().standing();
    Standing ofEndpoints = ofEndpoints();
    if (itself != Standing.IN_SERVICE && itself.compareTo(ofEndpoints) >= 0) {
      return itself == Standing.DRAINING
          ? "the check of the region asks to spare it"
          : "the check of the region fails";
    }
    return switch (ofEndpoints) {
      case IN_SERVICE -> "enough endpoints answer";
      case DRAINING -> "its endpoints ask to be spared";
      case SUSPECT, OUT -> "too few endpoints answer";
    };
  }

  /** Out when too few endpoints could serve, else as good as the worst on whom that depends. */
  private Standing ofEndpoints() {
    double needed = minHealthy * endpoints.size();
    for (Standing standing : STANDINGS) {
      int soGood = 0;
      for (EndpointDetector endpoint : endpoints) {
        soGood += endpoint.signals().standing().compareTo(standing) <= 0 ? 1 : 0;
      }
      if (soGood >= needed) {
        return standing;
      }
    }
    return Standing.OUT;
  }

  /**
   * Whether nothing is heard of any of its endpoints that could be used, or of the check that would
   * convict it without them.
   */
  boolean isSilent() {
    if (whole != null && whole.isSilent()) {
      return true;
    }
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
   * When the first evidence of its loss began: of its endpoints and its check that are in doubt or
   * out, leaving aside those that were so long before.
   */
  long evidenceNanos() {
    long first = whole == null ? doubtedNanos : earlier(whole, doubtedNanos);
    for (EndpointDetector endpoint : endpoints) {
      first = earlier(endpoint, first);
    }
    return first;
  }

  private long earlier(EndpointDetector endpoint, long first) {
    long evidence = endpoint.signals().evidenceNanos();
    boolean belongs =
        endpoint.signals().standing().compareTo(Standing.SUSPECT) >= 0
            && doubtedNanos - evidence < TOGETHER.toNanos();
    return belongs && evidence - first < 0 ? evidence : first;
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
    if (standing.compareTo(Standing.SUSPECT) < 0) {
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
        whole == null ? null : whole.status(),
        List.copyOf(all),
        List.copyOf(incidents));
  }
}
