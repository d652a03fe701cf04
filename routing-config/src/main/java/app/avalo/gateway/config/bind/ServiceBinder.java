package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.By;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.section.Names;
import app.avalo.gateway.config.section.Section;
import app.avalo.gateway.config.unit.Durations;
import app.avalo.gateway.config.unit.HostPort;
import app.avalo.gateway.config.yaml.Node;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Binds services, and the parts that routes inherit from them. */
final class ServiceBinder {
  static final Set<String> UNSAFE_TWICE = Set.of("POST", "PATCH");
  private static final List<String> REPEATABLE =
      List.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");
  private static final List<Integer> FAILED = List.of(502, 503, 504);
  private static final String ENDPOINT = "http://host:port or https://host:port, without a path";

  private final Names names;
  private final Section defaults;

  ServiceBinder(Names names, Section defaults) {
    this.names = names;
    this.defaults = defaults;
  }

  ServiceConfig bind(String name, Section service) {
    Map<String, List<Endpoint>> regions = regions(service);
    ServiceConfig.Pin pin = pin(name, service.section("pin"));
    Section retry = service.section("retry").or(defaults.section("retry"));
    if (pin != null && pin.contract() == ServiceConfig.Contract.SINGLE_HOME) {
      onceOnly(retry);
    }
    Section tls = service.section("upstreamTls");
    boolean https = regions.values().stream().flatMap(List::stream).anyMatch(Endpoint::tls);
    if (tls.isPresent() && !https) {
      service.fault("upstreamTls", "without an https endpoint (expected https:// under regions)");
    }
    ServiceConfig.Protocol protocol =
        service.word("protocol", ServiceConfig.Protocol.HTTP1, ServiceConfig.Protocol.class);
    Section targets = service.section("targets");
    return new ServiceConfig(
        name,
        service.word("priority", ServiceConfig.Priority.NORMAL, ServiceConfig.Priority.class),
        protocol,
        ConfigBinder.ordered(regions),
        upstreamTls(tls),
        HealthBinder.bind(service.section("health").or(defaults.section("health")), protocol),
        timeouts(service.section("timeouts").or(defaults.section("timeouts"))),
        retry(retry),
        balance(service.section("balance").or(defaults.section("balance"))),
        pin,
        service.flag("residency", false),
        Names.references(service, "limits", "limit", names.limits()),
        webSocket(service.section("webSocket").or(defaults.section("webSocket"))),
        streams(service.section("streams").or(defaults.section("streams"))),
        new ServiceConfig.Targets(
            targets.durationOrNull("latency"),
            targets.has("errorRatio") ? (Double) targets.share("errorRatio", 0) : null,
            targets.durationOrNull("recovery")));
  }

  static ServiceConfig.UpstreamTls upstreamTls(Section tls) {
    return new ServiceConfig.UpstreamTls(
        tls.file("ca"),
        tls.textOrNull("serverName"),
        tls.flag("verify", true),
        own(tls),
        tls.duration("handshakeTimeout", "1s"));
  }

  private static ListenerConfig.@Nullable KeyPair own(Section tls) {
    Path certificate = tls.file("certificate");
    Path key = tls.file("key");
    if (certificate == null && key == null) {
      return null;
    }
    if (certificate == null || key == null) {
      tls.fault(key == null ? "key" : "certificate", "missing (expected certificate and key)");
      return null;
    }
    return new ListenerConfig.KeyPair(certificate, key);
  }

  /** What is said of a region is said of one that there is. */
  private void known(Map.Entry<String, Node.Entry> region, Section section) {
    Node.Entry entry = region.getValue();
    Names.known(
        entry.key(),
        entry.value().path(),
        region.getKey(),
        "region",
        names.regions(),
        section.faults());
  }

  private Map<String, List<Endpoint>> regions(Section service) {
    Map<String, List<Endpoint>> regions = new LinkedHashMap<>();
    for (Map.Entry<String, Node.Entry> entry : service.entries("regions").entrySet()) {
      Node value = entry.getValue().value();
      known(entry, service);
      List<Endpoint> endpoints = new ArrayList<>();
      for (Node node : value instanceof Node.Sequence many ? many.items() : List.of(value)) {
        Endpoint endpoint = endpoint(node, service);
        if (endpoint != null && endpoints.stream().anyMatch(e -> e.url().equals(endpoint.url()))) {
          service.faults().unexpected(node, "each endpoint once, with a weight");
        } else if (endpoint != null) {
          endpoints.add(endpoint);
        }
      }
      regions.put(entry.getKey(), List.copyOf(endpoints));
    }
    return regions;
  }

  private static @Nullable Endpoint endpoint(Node node, Section service) {
    if (node instanceof Node.Mapping) {
      Section section = Section.of(node, service.faults());
      Endpoint plain = endpoint(section);
      return plain == null
          ? null
          : new Endpoint(plain.tls(), plain.host(), plain.port(), section.whole("weight", 1));
    }
    return Section.scalar(node, ServiceBinder::url, ENDPOINT, service.faults());
  }

  /** The address that a section names by {@code url}; null if there is none. */
  static @Nullable Endpoint endpoint(Section section) {
    return section.<@Nullable Endpoint>value("url", null, ServiceBinder::url, ENDPOINT);
  }

  private static @Nullable Endpoint url(String url) {
    boolean tls = url.startsWith("https://");
    String rest = url.substring(Math.min(url.length(), tls ? 8 : 7));
    String authority = rest.endsWith("/") ? rest.substring(0, rest.length() - 1) : rest;
    boolean port = authority.lastIndexOf(':') > authority.lastIndexOf(']');
    HostPort at = HostPort.parse(port ? authority : authority + (tls ? ":443" : ":80"));
    return at == null || at.port() == 0 ? null : new Endpoint(tls, at.host(), at.port(), 1);
  }

  private static ServiceConfig.@Nullable Pin pin(String name, Section pin) {
    if (!pin.isPresent()) {
      return null;
    }
    ServiceConfig.PinBy by = pin.word("by", ServiceConfig.PinBy.CALLER, ServiceConfig.PinBy.class);
    String header = pin.textOrNull("name");
    if (by == ServiceConfig.PinBy.HEADER && header == null) {
      pin.unexpected("by", "a name too, of the header");
    } else if (by != ServiceConfig.PinBy.HEADER && header != null) {
      pin.unexpected("name", "by: header with it");
    }
    return new ServiceConfig.Pin(
        pin.text("group", name),
        pin.word("contract", ServiceConfig.Contract.MOVE, ServiceConfig.Contract.class),
        by,
        header,
        pin.textOrNull("ready"));
  }

  static ServiceConfig.Timeouts timeouts(Section timeouts) {
    ServiceConfig.Timeouts bound =
        new ServiceConfig.Timeouts(
            timeouts.duration("connect", "500ms"),
            timeouts.duration("attempt", "800ms"),
            timeouts.duration("idle", "60s"),
            timeouts.duration("total", "30s"),
            timeouts.duration("tcpUserTimeout", "30s"));
    notLonger(timeouts, "connect", bound.connect(), "total", bound.total());
    notLonger(timeouts, "attempt", bound.attempt(), "total", bound.total());
    return bound;
  }

  /** One stage inside another: the fault is at whichever of the two the operator wrote. */
  static void notLonger(
      Section section, String inner, Duration part, String outer, Duration whole) {
    if (part.compareTo(whole) <= 0) {
      return;
    }
    if (section.node(inner) != null) {
      section.unexpected(inner, "at most " + outer + ", " + text(whole));
    } else {
      section.unexpected(outer, "at least " + inner + ", " + text(part));
    }
  }

  private static String text(Duration span) {
    return Durations.format(span);
  }

  static ServiceConfig.Retry retry(Section retry) {
    List<String> methods = retry.node("methods") == null ? REPEATABLE : retry.texts("methods");
    List<Integer> statuses =
        retry.node("statuses") == null
            ? FAILED
            : retry.values("statuses", Section::parseInt, "a status from 400 to 599");
    return new ServiceConfig.Retry(
        retry.whole("attempts", 3),
        ConfigBinder.orderedSet(methods),
        ConfigBinder.orderedSet(statuses),
        retry.flag("idempotencyKeys", false),
        retry.flag("hedge", true),
        retry.flag("hold", true));
  }

  private ServiceConfig.Balance balance(Section balance) {
    By by = balance.word("by", By.LOAD, By.class);
    String name = balance.textOrNull("name");
    boolean named = by == By.HEADER || by == By.COOKIE;
    if (named && name == null) {
      balance.unexpected("by", "a name too, of the header or cookie");
    } else if (!named && name != null) {
      balance.unexpected("name", "by: header or by: cookie with it");
    }
    Map<String, Integer> capacity = new LinkedHashMap<>();
    for (Map.Entry<String, Node.Entry> entry : balance.entries("capacity").entrySet()) {
      Node value = entry.getValue().value();
      known(entry, balance);
      Integer requests =
          Section.scalar(value, Section::parseInt, "a number of requests", balance.faults());
      capacity.put(entry.getKey(), requests == null ? 1 : requests);
    }
    return new ServiceConfig.Balance(
        by, name, balance.duration("slowStart", "10s"), ConfigBinder.ordered(capacity));
  }

  /** A single-home service moves money: what may have happened is never sent twice. */
  static void onceOnly(Section retry) {
    for (Node item : retry.list("methods")) {
      if (item instanceof Node.Scalar scalar && UNSAFE_TWICE.contains(scalar.value())) {
        retry.faults().unexpected(item, "no POST or PATCH twice for a single-home service");
      }
    }
    if (retry.flag("idempotencyKeys", false)) {
      retry.unexpected("idempotencyKeys", "false for a single-home service");
    }
  }

  static ServiceConfig.Streams streams(Section streams) {
    return new ServiceConfig.Streams(
        streams.whole("open", 10_000), streams.whole("openPerUser", 100));
  }

  static ServiceConfig.WebSocket webSocket(Section webSocket) {
    return new ServiceConfig.WebSocket(
        webSocket.whole("connections", 1000),
        webSocket.whole("connectionsPerUser", 100),
        webSocket.rate("messages", "100/s"),
        webSocket.has("messagesPerUser") ? webSocket.rate("messagesPerUser", "1/s") : null,
        webSocket.whole("channels", 0),
        webSocket.duration("idleTimeout", "5min"));
  }
}
