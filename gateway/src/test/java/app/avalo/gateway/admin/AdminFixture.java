package app.avalo.gateway.admin;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;

/** A gateway with two regions, a bit of everything, and three operators of different roles. */
final class AdminFixture implements AutoCloseable {
  static final String API_KEY = "shop-key-secret-0123456789abcdef";
  static final String PIN_KEY = "pin-signing-secret-0123456789abcdef";

  final TestRegion eu = TestRegion.start("eu");
  final TestRegion us = TestRegion.start("us");
  final RunningGateway gateway;
  final AdminClient admin;

  AdminFixture() {
    this(common());
  }

  AdminFixture(String common) {
    gateway = RunningGateway.startExactly(common + sections(""));
    admin = new AdminClient(gateway);
    Awaiting.until(() -> gateway.gateway().isReady());
  }

  static final String CREDENTIALS =
      """

        address: "127.0.0.1:0"
        credentials:
          - {name: vera, token: "${env:T:-%s}", role: viewer}
          - {name: olaf, token: "${env:T:-%s}", role: operator}
          - {name: anna, token: "${env:T:-%s}", role: admin}
      trusted"""
          .formatted(AdminClient.VIEWER, AdminClient.OPERATOR, AdminClient.ADMIN);

  static String common() {
    return RunningGateway.COMMON.replace("{address: \"127.0.0.1:0\"}\ntrusted", CREDENTIALS);
  }

  /** The configuration behind the common header; {@code more} is put before the last route. */
  String sections(String more) {
    return """
    regions:
      eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
      us: {index: 1, place: San Francisco, latitude: 37.8, longitude: -122.4}
    defaults:
      health:
        headers: {X-Check-Token: header-secret}
        interval: 2s
        timeout: 2s
        burstInterval: 200ms
        failures: 2
        successes: 2
    services:
      feed:
        regions: {eu: "http://127.0.0.1:%1$d", us: "http://127.0.0.1:%2$d"}
        retry: {hedge: false}
      chat:
        regions: {eu: "http://127.0.0.1:%1$d", us: "http://127.0.0.1:%2$d"}
        pin: {contract: move}
      ai: {regions: {eu: "http://127.0.0.1:%1$d"}}
    routes:
    %3$s
      - {name: chat, match: {path: {prefix: /chat}}, service: chat}
      - {name: rollout, match: {path: {prefix: /rollout}}, services: {feed: 1, ai: 1}}
      - {name: ai, match: {path: {prefix: /ai}}, service: ai}
      - {name: limited, match: {path: {prefix: /limited}}, service: feed, limits: [few]}
      - name: members
        match: {path: {prefix: /members}}
        service: feed
        access: {identity: required}
        requestHeaders: {set: {X-Upstream-Token: header-secret}}
      - {name: robots, match: {path: /robots.txt}, respond: {contentType: text/plain, body: "no"}}
      - {name: all, match: {path: {prefix: /}}, service: feed}
    limits:
      few: {key: caller, rate: 3/h, burst: 3}
      shared: {key: route, rate: 1000/s}
    budgets:
      ai-month: {amount: 1.00 PLN, services: [ai], cost: {perRequest: 0.25 PLN}}
      each: {amount: 1.00 PLN, services: [ai], per: user, cost: {perRequest: 0.01 PLN}}
    identity:
      apiKeys: [{name: shop, key: "${env:K:-%4$s}", tier: vip}]
    pins:
      keys: [{id: 1, secret: "${env:P:-%5$s}"}]
    placing:
      ranges:
        - {block: 192.0.2.0/24, country: DE, latitude: 52.5, longitude: 13.4}
        - {block: 198.51.100.0/24, country: US, latitude: 37.8, longitude: -122.4}
    """
        .formatted(eu.port(), us.port(), more, API_KEY, PIN_KEY);
  }

  @Override
  public void close() {
    gateway.close();
    eu.close();
    us.close();
  }
}
