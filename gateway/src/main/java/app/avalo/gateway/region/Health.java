package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.region.share.Share;

/** What the forwarder asks about regions and endpoints; safe from every loop, never blocks. */
public interface Health {
  /**
   * The region's standing as a whole; a map look-up and a volatile read. Use regions in service
   * first, suspects as the last resort, those that are out never. Within a region that may be used,
   * endpoints follow the same order, except that an endpoint that is out may still be tried when
   * the service has no better one there: its region would be out if others could take over.
   */
  Standing standing(Region region);

  /**
   * How many of 1024 callers may be sent to this region; 1024 is everybody. A map look-up and a
   * volatile read. Falls while an operator drains the region or it is slow, rises while it returns.
   * It concerns callers without a pin and says who should go elsewhere: a caller with nowhere
   * better to go is served all the same.
   */
  default int share(Region region) {
    return 1024;
  }

  /**
   * Whether this caller is inside the region's {@link #share}. Who is inside stays so while the
   * share does not fall. Asking changes nothing.
   *
   * @param caller the same number for the same caller; need not be evenly distributed
   */
  default boolean admits(Region region, int caller) {
    return true;
  }

  /** This caller goes to the region, by itself or forwarded: one of its users if admitted. */
  default void taken(Region region, int caller) {}

  /**
   * The live state of an endpoint. Looked up once per plan, not per request; the same address in
   * the same region gives the same object across reloads.
   */
  EndpointHealth endpoint(Region region, Service service, Endpoint endpoint);

  /** How far a service may be used in a region; looks endpoints up, so not for each request. */
  default Standing standing(Region region, Service service) {
    Standing best = Standing.OUT;
    for (Endpoint endpoint : service.in(region)) {
      Standing standing = endpoint(region, service, endpoint).standing();
      best = standing.compareTo(best) < 0 ? standing : best;
    }
    return Standing.joined(standing(region), best);
  }

  /**
   * Whether a service is lost in a region, though the panic rule may keep that as the last resort:
   * for those who know better than one gateway whether too much would be lost. Not for each
   * request.
   */
  default boolean isLost(Region region, Service service) {
    if (standing(region) == Standing.OUT) {
      return true;
    }
    for (Endpoint endpoint : service.in(region)) {
      if (endpoint(region, service, endpoint).standing() != Standing.OUT) {
        return false;
      }
    }
    return true;
  }

  /**
   * Since when a service is gone from a region: when that began for which the last of its endpoints
   * there is not in service, and which checks have confirmed. Now, while one is. Not for each
   * request.
   */
  default long goneSinceNanos(Region region, Service service, long nowNanos) {
    long since = Long.MIN_VALUE;
    for (Endpoint address : service.in(region)) {
      since = Math.max(since, endpoint(region, service, address).goneSinceNanos(nowNanos));
    }
    return since;
  }

  /** Calls the listener, on the control loop, whenever a region's standing changes. */
  void onChange(ChangeListener listener);

  /**
   * Whether the panic rule keeps a region that would be out as a suspect, because too few would be
   * left; a volatile read, for metrics and readiness.
   */
  boolean panic();

  /** Whether this gateway doubts itself and convicts nobody; a volatile read, for metrics. */
  default boolean inDoubt() {
    return false;
  }

  /** Whether every endpoint known at the start has been checked once; a volatile read. */
  boolean probedOnce();

  /** Told of changes of standing, on the control loop. */
  interface ChangeListener {
    void changed(String region, Standing from, Standing to, String reason);

    /** One endpoint changed, whatever its region does; its pooled connections may be worthless. */
    default void endpointChanged(
        EndpointHealth endpoint, Standing from, Standing to, String reason) {}

    /** A step of a drain sent callers away; what they still have open there should follow them. */
    default void left(Departure departure) {}
  }

  /**
   * The callers that one step of a drain sends away; each is in one step only.
   *
   * @param before the region's share until then, of 1024
   * @param now its share from then on
   */
  record Departure(String region, int before, int now) {
    /** All of them at once. */
    public static Departure ofAll(String region) {
      return new Departure(region, Share.ALL, 0);
    }

    /** Whether this caller, as in {@link Health#admits}, is one of them. */
    public boolean includes(int caller) {
      return Share.leaves(region, caller, before, now);
    }
  }
}
