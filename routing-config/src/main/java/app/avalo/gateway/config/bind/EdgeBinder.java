package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.AdminConfig;
import app.avalo.gateway.config.GatewayConfig.AccessLog;
import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.config.section.Names;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.config.yaml.Node;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Binds what the process itself needs: ports, state, logs. */
final class EdgeBinder {
  private static final Path NOWHERE = Path.of("");

  private final Section root;

  EdgeBinder(Section root) {
    this.root = root;
  }

  List<ListenerConfig> listeners() {
    List<ListenerConfig> listeners = new ArrayList<>();
    List<Section> sections = root.sections("listeners");
    for (Section section : sections) {
      ListenerConfig listener = listener(section);
      listeners.add(listener);
      if (listener.proxyProtocol() != ListenerConfig.ProxyProtocol.OFF
          && !root.has("trustedHops")) {
        section.unexpected("proxyProtocol", "off, since trustedHops names nobody who may send it");
      }
    }
    Names.unique(sections, "name", "name");
    addressesOnce(sections);
    return List.copyOf(listeners);
  }

  private static ListenerConfig listener(Section section) {
    ListenerConfig.Tls tls = section.has("tls") ? tls(section.section("tls")) : null;
    return new ListenerConfig(
        section.text("name", Section.FAULTY),
        section.hostPort("address", "localhost:0"),
        section.flag("http2", tls != null),
        tls,
        section.word(
            "proxyProtocol", ListenerConfig.ProxyProtocol.OFF, ListenerConfig.ProxyProtocol.class),
        bounds(section, section.section("bounds")));
  }

  private static ListenerConfig.Bounds bounds(Section listener, Section bounds) {
    return new ListenerConfig.Bounds(
        new ListenerConfig.Head(
            (int) bounds.size("headerSize", "16KiB", 1 << 20),
            bounds.whole("headerCount", 128),
            (int) bounds.size("uriSize", "8KiB", 1 << 20),
            bounds.duration("headerTimeout", "10s"),
            listener.word(
                "encodedSlash",
                ListenerConfig.EncodedSlash.REJECT,
                ListenerConfig.EncodedSlash.class)),
        new ListenerConfig.Connections(
            bounds.whole("connections", 100_000),
            bounds.whole("connectionsPerAddress", 1_000),
            bounds.whole("requestsPerConnection", 100_000),
            bounds.duration("idleTimeout", "75s"),
            bounds.duration("tcpUserTimeout", "60s")),
        new ListenerConfig.Http2(
            bounds.whole("streams", 100),
            bounds.whole("streamResets", 200),
            bounds.whole("controlFrames", 1_000)),
        minRate(bounds, "bodyTimeout", "minBodyRate"),
        minRate(bounds, "readTimeout", "minReadRate"));
  }

  private static ListenerConfig.MinRate minRate(Section bounds, String window, String rate) {
    return new ListenerConfig.MinRate(
        bounds.duration(window, "60s"), bounds.size(rate, "1KiB", 1 << 30));
  }

  private static ListenerConfig.Tls tls(Section tls) {
    List<ListenerConfig.KeyPair> pairs = new ArrayList<>();
    for (Section pair : tls.sections("certificates")) {
      pairs.add(
          new ListenerConfig.KeyPair(
              pair.fileOr("certificate", () -> NOWHERE), pair.fileOr("key", () -> NOWHERE)));
    }
    // A word that is none of them asks for something, so it does not make the other keys wrong.
    ListenerConfig.ClientAuth clients =
        tls.word(
            "clientAuth",
            tls.has("clientAuth")
                ? ListenerConfig.ClientAuth.REQUEST
                : ListenerConfig.ClientAuth.NONE,
            ListenerConfig.ClientAuth.class);
    if (clients == ListenerConfig.ClientAuth.NONE) {
      tls.unexpected("clientCa", "nothing, since clientAuth is none");
      tls.unexpected("forwardClientCert", "nothing, since clientAuth is none");
    } else if (!tls.has("clientCa")) {
      tls.fault("clientCa", "missing (expected a path, since clientAuth is not none)");
    }
    return new ListenerConfig.Tls(
        List.copyOf(pairs),
        tls.text("minVersion", "TLSv1.2"),
        tls.duration("handshakeTimeout", "10s"),
        clients,
        tls.file("clientCa"),
        tls.flag("forwardClientCert", false));
  }

  /** No port is bound twice, the admin port included. */
  private void addressesOnce(List<Section> listeners) {
    Map<HostPort, Integer> seen = new HashMap<>();
    List<Section> all = new ArrayList<>(listeners);
    all.add(root.section("admin"));
    for (Section section : all) {
      if (section.node("address") instanceof Node.Scalar scalar) {
        HostPort address = HostPort.parse(scalar.value());
        if (address != null && address.port() != 0) {
          Integer line = seen.putIfAbsent(address, scalar.mark().line());
          if (line != null) {
            section.unexpected("address", "an address of its own, first in line " + line);
          }
        }
      }
    }
  }

  List<Cidr> trustedHops() {
    for (Node item : root.list("trustedHops")) {
      Cidr block = item instanceof Node.Scalar scalar ? Cidr.parse(scalar.value()) : null;
      if (block != null && block.isEverything()) {
        root.faults()
            .unexpected(item, "blocks of own proxies: who trusts everybody lets clients lie");
      }
    }
    return root.cidrs("trustedHops");
  }

  AdminConfig admin() {
    Section admin = root.section("admin");
    List<AdminConfig.Credential> credentials = new ArrayList<>();
    List<Section> sections = admin.sections("credentials");
    for (Section section : sections) {
      credentials.add(
          new AdminConfig.Credential(
              section.text("name", Section.FAULTY),
              section.secretOr("token", 16),
              section.word("role", AdminConfig.Role.VIEWER, AdminConfig.Role.class)));
    }
    Names.unique(sections, "name", "name");
    return new AdminConfig(admin.hostPort("address", "127.0.0.1:9090"), List.copyOf(credentials));
  }

  PinConfig pins() {
    Section pins = root.section("pins");
    List<PinConfig.Key> keys = new ArrayList<>();
    List<Section> sections = pins.sections("keys");
    for (Section section : sections) {
      keys.add(new PinConfig.Key(section.whole("id", 0), section.secretOr("secret", 32)));
    }
    Names.unique(sections, "id", "number");
    return new PinConfig(
        pins.text("cookie", "gwpin"), List.copyOf(keys), pins.duration("ttl", "30d"));
  }

  StateConfig state() {
    Section state = root.section("state");
    Section redis = state.section("redis");
    return new StateConfig(state.file("directory"), redis.isPresent() ? redis(redis) : null);
  }

  private static StateConfig.Redis redis(Section redis) {
    StateConfig.Mode mode = redis.word("mode", StateConfig.Mode.SINGLE, StateConfig.Mode.class);
    List<String> endpoints = redis.values("endpoints", EdgeBinder::redisUrl, "redis://host:port");
    if (mode == StateConfig.Mode.SINGLE && endpoints.size() > 1) {
      redis.unexpected("endpoints", "one endpoint, or mode sentinel or cluster");
    }
    if (mode == StateConfig.Mode.SENTINEL && !redis.has("masterName")) {
      redis.fault("masterName", "missing (expected the master's name, since mode is sentinel)");
    }
    if (mode != StateConfig.Mode.SENTINEL) {
      redis.unexpected("masterName", "nothing, since mode is not sentinel");
    }
    return new StateConfig.Redis(
        mode,
        endpoints,
        redis.textOrNull("masterName"),
        redis.secret("password", 1),
        redis.duration("deadline", "20ms"),
        redis.text("prefix", "avalo"),
        redis.whole("replicas", 1));
  }

  private static @Nullable String redisUrl(String url) {
    String rest = url.substring(Math.min(url.length(), url.indexOf("://") + 3));
    int slash = rest.indexOf('/');
    String host = slash < 0 ? rest : rest.substring(0, slash);
    boolean port = host.lastIndexOf(':') > host.lastIndexOf(']');
    return HostPort.parse(port ? host : host + ":6379") == null ? null : url;
  }

  AccessLog accessLog() {
    Section log = root.section("accessLog");
    String to = log.text("to", "stdout");
    Path file = to.equals("stdout") || to.equals("off") ? null : log.file("to");
    return new AccessLog(file == null ? to : file.toString(), log.share("sample", 1));
  }
}
