package app.avalo.gateway.config.bind;

import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.CheckAnswer;
import app.avalo.gateway.config.ServiceConfig.CheckKind;
import app.avalo.gateway.config.ServiceConfig.CheckRequest;
import app.avalo.gateway.config.ServiceConfig.CheckTimes;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.config.ServiceConfig.StatusRange;
import app.avalo.gateway.config.section.Section;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Binds the checks of a service's endpoints and of a region as a whole. */
final class HealthBinder {
  private static final List<String> OF_HTTP =
      List.of("path", "host", "headers", "statuses", "body");

  private HealthBinder() {}

  /** The check of a region as a whole, or null without one. */
  static RegionConfig.@Nullable Check ofRegion(Section check) {
    Endpoint endpoint = ServiceBinder.endpoint(check);
    Protocol protocol = check.word("protocol", Protocol.HTTP1, Protocol.class);
    HealthCheck health = bind(check, protocol);
    Section tls = check.section("upstreamTls");
    if (tls.isPresent() && endpoint != null && !endpoint.tls()) {
      check.fault("upstreamTls", "without an https url (expected https:// in url)");
    }
    ServiceConfig.UpstreamTls trust = ServiceBinder.upstreamTls(tls);
    return endpoint == null ? null : new RegionConfig.Check(protocol, endpoint, trust, health);
  }

  static HealthCheck bind(Section health, Protocol protocol) {
    CheckTimes times =
        new CheckTimes(
            health.duration("interval", "10s"),
            health.duration("heartbeat", "500ms"),
            health.duration("timeout", "800ms"),
            health.duration("burstInterval", "200ms"));
    ServiceBinder.notLonger(health, "timeout", times.timeout(), "interval", times.interval());
    ServiceBinder.notLonger(
        health, "burstInterval", times.burstInterval(), "interval", times.interval());
    CheckKind kind = health.word("kind", CheckKind.HTTP, CheckKind.class);
    if (kind == CheckKind.HTTP2_PING && protocol != Protocol.HTTP2) {
      health.unexpected("kind", "http or tcp, as protocol is http1");
    }
    if (kind != CheckKind.HTTP) {
      OF_HTTP.forEach(key -> onlyOverHttp(health, key));
    }
    return new HealthCheck(
        kind,
        new CheckRequest(
            health.text("path", "/health"),
            health.textOrNull("host"),
            HeaderRules.values(health, "headers", "host instead")),
        new CheckAnswer(
            health.value(
                "statuses",
                new StatusRange(200, 299),
                HealthBinder::statuses,
                "a status or range such as 200 or 200-299"),
            health.textOrNull("body")),
        times,
        health.whole("failures", 10),
        health.whole("successes", 5));
  }

  /** A check that sends no request has no use for this; one inherited from defaults is no fault. */
  private static void onlyOverHttp(Section health, String key) {
    if (health.has(key)) {
      health.fault(key, "without kind http (expected another kind or no " + key + ")");
    }
  }

  private static @Nullable StatusRange statuses(String text) {
    int dash = text.indexOf('-');
    Integer from = Section.parseInt(dash < 0 ? text : text.substring(0, dash));
    Integer to = Section.parseInt(dash < 0 ? text : text.substring(dash + 1));
    return from == null || to == null || from < 100 || from > to || to > 599
        ? null
        : new StatusRange(from, to);
  }
}
