package app.avalo.gateway.observe;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Target;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Counters of one event loop. They are known by the names of route, service and region, so they go
 * on counting when a reload gives these another position; per plan an array finds them without
 * hashing. What a reload removes keeps its series until there are {@link #CEILING} of them.
 */
final class LoopMetrics {
  /** In place of a name where there is none: no route matched, no region was tried. */
  static final String NONE = "-";

  /** Classes 1xx to 5xx, and 0 for exchanges that ended without any answer. */
  static final int CLASSES = 6;

  /** Cells of attempts after the first: those after a failed one, those beside a late one. */
  static final int RETRIES = 0;

  static final int HEDGES = 1;

  private static final int CEILING = 20_000;
  private static final int SWITCHED_PROTOCOLS = 101;

  /** Labels of a request. */
  record RequestKey(String route, String service, String region) {}

  /** Labels of what an upstream answered. */
  record UpstreamKey(String service, String region) {}

  /** Durations and body bytes of one route. */
  static final class RouteCells {
    final Histogram duration = new Histogram();
    final Cells bytes = new Cells(2);
  }

  /** Everything one request of one route, service and region adds to. */
  private record Slot(
      Cells classes, RouteCells route, @Nullable Histogram upstream, Cells further) {}

  final Map<RequestKey, Cells> requests = new ConcurrentHashMap<>();
  final Map<String, RouteCells> routes = new ConcurrentHashMap<>();
  final Map<UpstreamKey, Histogram> upstreams = new ConcurrentHashMap<>();
  final Map<String, Cells> further = new ConcurrentHashMap<>();
  final Cells errors = new Cells(GatewayError.Kind.values().length);

  private @Nullable Plan plan; // this loop
  private Slot[][] slots = {}; // this loop; by route, then by service and region

  /** Counts an exchange that is over. */
  void record(Exchange exchange) {
    if (plan != exchange.plan()) {
      adopt(exchange.plan());
    }
    Slot slot = slot(exchange);
    GatewayError error = exchange.error();
    int status =
        exchange.status() == 0 && error != null ? error.kind().status() : exchange.status();
    slot.classes.add(status >= 100 && status < 600 ? status / 100 : 0, 1);
    slot.route.bytes.add(0, exchange.bytesIn());
    slot.route.bytes.add(1, exchange.bytesOut());
    if (status != SWITCHED_PROTOCOLS) {
      // A WebSocket lasts as long as its user likes.
      slot.route.duration.record(exchange.endNanos() - exchange.startNanos());
    }
    if (slot.upstream != null && exchange.firstByteNanos() != 0) {
      slot.upstream.record(exchange.firstByteNanos() - exchange.startNanos());
    }
    if (exchange.attempts() > 1) {
      slot.further.add(RETRIES, exchange.attempts() - 1 - exchange.hedges());
      slot.further.add(HEDGES, exchange.hedges());
    }
    if (error != null) {
      errors.add(error.kind().ordinal(), 1);
    }
  }

  private Slot slot(Exchange exchange) {
    int route = exchange.routed() ? exchange.route().ordinal() + 1 : 0;
    Target target = exchange.target();
    Region region = exchange.region();
    int regions = exchange.plan().regions().size() + 1;
    int service = target == null ? 0 : target.service().ordinal() + 1;
    int at = service * regions + (region == null ? 0 : region.ordinal() + 1);
    Slot[] ofRoute = slots[route];
    if (ofRoute == null) {
      ofRoute = new Slot[(exchange.plan().services().size() + 1) * regions];
      slots[route] = ofRoute;
    }
    Slot slot = ofRoute[at];
    if (slot == null) {
      slot =
          open(
              exchange.routed() ? exchange.route().name() : NONE,
              target == null ? NONE : target.service().name(),
              region == null ? NONE : region.name());
      ofRoute[at] = slot;
    }
    return slot;
  }

  private Slot open(String route, String service, String region) {
    return new Slot(
        requests.computeIfAbsent(new RequestKey(route, service, region), key -> new Cells(CLASSES)),
        routes.computeIfAbsent(route, key -> new RouteCells()),
        region.equals(NONE)
            ? null
            : upstreams.computeIfAbsent(new UpstreamKey(service, region), key -> new Histogram()),
        further.computeIfAbsent(service, key -> new Cells(2)));
  }

  private void adopt(Plan next) {
    plan = next;
    slots = new Slot[next.routes().size() + 1][];
    if (requests.size() > CEILING) {
      forgetAllBut(next);
    }
  }

  private void forgetAllBut(Plan kept) {
    Set<String> names = new HashSet<>(Set.of(NONE));
    kept.routes().forEach(route -> names.add(route.name()));
    requests.keySet().removeIf(key -> !names.contains(key.route()));
    routes.keySet().retainAll(names);
  }
}
