package app.avalo.gateway.filter.redis;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.ZModem;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Links to the masters of a cluster. Each has its own connection, queue and breaker, so a node that
 * is silent or gone fails alone. Which node has which slots is asked once a second, and at once
 * when one of them says that something has moved.
 */
final class ClusterLink implements RedisLink, NodeLink.Elsewhere {
  private static final int SLOTS = 16_384;
  private static final Duration REFRESH = Duration.ofSeconds(1);
  private static final Duration TRIED = Duration.ofSeconds(2);

  /** How long a node is kept that has no slots and to which others have sent us. */
  private static final long ASKED_NANOS = Duration.ofMinutes(1).toNanos();

  private final Vertx vertx;
  private final StateConfig.Redis config;
  private final Ticker ticker;
  private final Timers timers;
  private final Promise<Void> tried = Promise.promise();
  // Replaced by the event loop, read by whoever wants figures.
  private volatile Map<String, NodeLink> nodes = Map.of();
  private volatile Stats gone = new Stats(false, 0, 0, 0, 0); // of nodes that are left
  private List<NodeLink> masters = List.of();
  private final Map<NodeLink, Long> askedNanos = new HashMap<>(); // where ASK led, and when last
  private @Nullable NodeLink[] owners = new NodeLink[SLOTS];
  private boolean asking;
  private int turn; // whom to ask next
  private boolean closed;

  /** Starts connecting to the nodes that the configuration names. */
  ClusterLink(Vertx vertx, StateConfig.Redis config, Ticker ticker) {
    this.vertx = vertx;
    this.config = config;
    this.ticker = ticker;
    this.timers = Timers.of(vertx);
    for (String endpoint : config.endpoints()) {
      node(endpoint).tried().onComplete(known -> refresh());
    }
    timers.after(TRIED, tried::tryComplete);
    timers.after(REFRESH, this::refreshAgain);
  }

  private NodeLink node(String endpoint) {
    NodeLink known = nodes.get(endpoint);
    if (known != null) {
      return known;
    }
    StateConfig.Redis one =
        new StateConfig.Redis(
            config.mode(),
            List.of(endpoint),
            null,
            config.password(),
            config.deadline(),
            config.prefix(),
            config.replicas());
    NodeLink link = new NodeLink(vertx, one, ticker, this);
    Map<String, NodeLink> more = new HashMap<>(nodes);
    more.put(endpoint, link);
    nodes = Map.copyOf(more);
    return link;
  }

  /** As the configuration says, but for host and port. */
  private String endpoint(String host, int port) {
    URI first = URI.create(config.endpoints().get(0));
    String user = first.getRawUserInfo() == null ? "" : first.getRawUserInfo() + "@";
    String name = host.contains(":") ? "[" + host + "]" : host;
    return first.getScheme() + "://" + user + name + ":" + port;
  }

  @Override
  public @Nullable NodeLink at(String address, boolean forGood) {
    if (forGood) {
      refresh();
    }
    int colon = address.lastIndexOf(':');
    if (colon < 1) {
      return null; // without a host it is a node that does not know its own
    }
    String endpoint =
        endpoint(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
    if (forGood || closed) {
      return nodes.get(endpoint);
    }
    // A master whose first slot is under way to it is not among those that have some.
    NodeLink link = node(endpoint);
    askedNanos.put(link, ticker.nanos());
    return link;
  }

  private void refreshAgain() {
    if (!closed) {
      refresh();
      timers.after(REFRESH, this::refreshAgain);
    }
  }

  /** Asks the next node that answers who has which slots; lost, the configured ones are tried. */
  private void refresh() {
    if (asking || closed) {
      return;
    }
    List<NodeLink> up = nodes.values().stream().filter(this::knowsSlots).toList();
    if (up.isEmpty()) {
      config.endpoints().forEach(this::node);
      return;
    }
    NodeLink asked = up.get(Math.floorMod(turn++, up.size()));
    asking = true;
    asked
        .slots()
        .compose(answer -> follow(answer, asked))
        .onComplete(
            (done, failure) -> {
              asking = false;
              if (failure == null) {
                tried.tryComplete();
              }
            });
  }

  /** One without slots may be so new that it has not heard of the others'. */
  private boolean knowsSlots(NodeLink link) {
    return link.isUp() && (masters.contains(link) || !askedNanos.containsKey(link));
  }

  /** Goes by what a node said, once the masters that it named have been tried. */
  private Future<Void> follow(Response answer, NodeLink asked) {
    @Nullable NodeLink[] now = new NodeLink[SLOTS];
    Set<NodeLink> named = new HashSet<>();
    for (Response range : answer) {
      Response master = range.get(2);
      Response host = master.get(0);
      boolean unknown = host == null || host.toString().isEmpty() || host.toString().equals("?");
      NodeLink link =
          node(endpoint(unknown ? asked.host() : host.toString(), master.get(1).toInteger()));
      named.add(link);
      for (int slot = range.get(0).toInteger(); slot <= range.get(1).toInteger(); slot++) {
        now[slot] = link;
      }
    }
    return Future.join(named.stream().map(NodeLink::tried).toList())
        .map(
            done -> {
              owners = now;
              masters = List.copyOf(named);
              keep(named);
              return null;
            });
  }

  private void keep(Set<NodeLink> named) {
    if (named.stream().noneMatch(NodeLink::isUp)) {
      return; // who said so may be needed to say it anew
    }
    long now = ticker.nanos();
    askedNanos.values().removeIf(last -> now - last > ASKED_NANOS);
    Map<String, NodeLink> kept = new HashMap<>();
    nodes.forEach(
        (endpoint, link) -> {
          if (named.contains(link) || askedNanos.containsKey(link)) {
            kept.put(endpoint, link);
          } else {
            link.close();
            Stats last = link.stats();
            gone =
                new Stats(
                    false,
                    0,
                    gone.timeouts() + last.timeouts(),
                    gone.errors() + last.errors(),
                    gone.reconnects() + last.reconnects());
          }
        });
    nodes = Map.copyOf(kept);
  }

  private @Nullable NodeLink owner(List<String> keys) {
    return owners[ZModem.generate(keys.get(0))];
  }

  @Override
  public Future<Response> run(Script script, List<String> keys, List<String> arguments) {
    NodeLink owner = owner(keys);
    return owner == null ? Future.failedFuture(NodeLink.DOWN) : owner.run(script, keys, arguments);
  }

  @Override
  public Future<Response> send(Script script, List<String> keys, List<String> arguments) {
    NodeLink owner = owner(keys);
    return owner == null ? Future.failedFuture(NodeLink.DOWN) : owner.send(script, keys, arguments);
  }

  /** None as long as one master is asked: it depends on the key. */
  @Override
  public @Nullable StoreUnavailable refusal() {
    StoreUnavailable refusal = NodeLink.DOWN;
    for (NodeLink master : masters) {
      StoreUnavailable one = master.refusal();
      if (one == null) {
        return null;
      }
      refusal = one;
    }
    return refusal;
  }

  /** Of the youngest connection: any may be the one to a node that has forgotten. */
  @Override
  public long connectedNanos() {
    long last = Long.MIN_VALUE;
    for (NodeLink master : masters) {
      last = Math.max(last, master.connectedNanos());
    }
    if (!askedNanos.isEmpty()) {
      for (NodeLink asked : askedNanos.keySet()) {
        last = Math.max(last, asked.connectedNanos());
      }
    }
    return last;
  }

  @Override
  public <T> PendingCalls<T> waits() {
    return new PendingCalls<>(
        new Wire.Patience(config.deadline(), ticker).prompt(), ticker, timers, late -> {});
  }

  @Override
  public boolean takesAnyKeys() {
    return false;
  }

  @Override
  public void soon(Runnable task) {
    vertx.runOnContext(turn -> task.run());
  }

  @Override
  public Timers timers() {
    return timers;
  }

  @Override
  public Future<Void> tried() {
    return tried.future();
  }

  @Override
  public Stats stats() {
    List<Stats> all = nodes.values().stream().map(NodeLink::stats).toList();
    return new Stats(
        !all.isEmpty() && all.stream().allMatch(Stats::up),
        all.stream().mapToInt(Stats::pending).sum(),
        gone.timeouts() + all.stream().mapToLong(Stats::timeouts).sum(),
        gone.errors() + all.stream().mapToLong(Stats::errors).sum(),
        gone.reconnects() + all.stream().mapToLong(Stats::reconnects).sum());
  }

  @Override
  public void close() {
    closed = true;
    nodes.values().forEach(NodeLink::close);
    tried.tryComplete();
  }
}
