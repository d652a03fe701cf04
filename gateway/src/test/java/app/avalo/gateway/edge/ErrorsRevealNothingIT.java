package app.avalo.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.TestRegion;
import app.avalo.gateway.testing.ThreeRegions;
import app.avalo.gateway.testing.Wire;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every error that can be caused from outside, and what must be in none of them. */
class ErrorsRevealNothingIT {
  /** Addresses, classes of any library, stack traces, what the JDK and the kernel say. */
  private static final Pattern INSIDE =
      Pattern.compile(
          "\\d+\\.\\d+\\.\\d+\\.\\d+|localhost|\\.invalid|\\b(io|java|javax|app|org)\\.[a-z]"
              + "|netty|vertx|vert\\.x|redis|exception|error:|\\bat [a-z.]+\\(|refused:|errno",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern KIND = Pattern.compile("urn:avalo:gateway:([a-z-]+)");

  private static final String UPGRADE = "Connection: Upgrade|Upgrade: websocket|";

  private final TestRegion eu = TestRegion.start("eu");
  private final Set<String> kinds = new TreeSet<>();
  private RunningGateway gateway;

  private void start(String state) {
    gateway =
        RunningGateway.start(
            state
                + ThreeRegions.PLACES
                + """
                limits:
                  closed: {key: address, rate: 10/h, onStoreDown: closed}
                  few: {key: route, rate: 1/h, burst: 1, onStoreDown: local-share}
                budgets:
                  month: {amount: 0.01 PLN, services: [paid], cost: {perRequest: 0.01 PLN}, outageAllowance: 0%%}
                services:
                  feed: {%1$s, timeouts: {connect: 300ms, attempt: 300ms, total: 1s}, webSocket: {connections: 1}}
                  paid: {%1$s}
                  wallet: {pin: {contract: single-home}, %1$s}
                  personal: {residency: true, %1$s}
                  gone: {regions: {us: "http://127.0.0.1:1"}}
                  unnamed: {regions: {us: "http://nowhere.invalid:8080"}}
                  plain: {regions: {us: "https://127.0.0.1:%2$d"}}
                  away: {regions: {asia: "http://127.0.0.1:1"}}
                routes:
                  - {name: mine, match: {path: /mine}, service: feed, access: {identity: required}}
                  - {name: staff, match: {path: /staff}, service: feed, access: {allow: [192.0.2.0/24]}}
                  - {name: posts, match: {path: /posts, method: POST}, service: feed, bodyLimit: 10B}
                  - {name: closed, match: {path: /closed}, service: feed, limits: [closed]}
                  - {name: few, match: {path: /few}, respond: {status: 204}, limits: [few]}
                  - {name: feed, match: {path: {prefix: /feed}}, service: feed}
                  - {name: paid, match: {path: {prefix: /paid}}, service: paid}
                  - {name: wallet, match: {path: {prefix: /wallet}}, service: wallet}
                  - {name: personal, match: {path: {prefix: /personal}}, service: personal}
                  - {name: gone, match: {path: /gone}, service: gone}
                  - {name: unnamed, match: {path: /unnamed}, service: unnamed}
                  - {name: plain, match: {path: /plain}, service: plain}
                  - {name: away, match: {path: /away}, service: away}
                """
                    .formatted("regions: {eu: \"http://127.0.0.1:" + eu.port() + "\"}", eu.port()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    eu.close();
  }

  @Test
  void no_error_tells_of_an_address_a_class_or_a_stack() {
    start("identity: {apiKeys: [{name: ada, key: \"${env:NONE:-key-of-ada-0123456}\"}]}\n");
    RunningGateway.await(
        gateway.gateway().health().force("asia", new Forced(true, "test", "test", null)));

    cause("GET /mine HTTP/1.1|");
    cause("GET /mine HTTP/1.1|Authorization: Bearer a.b.c|");
    cause("GET /staff HTTP/1.1|X-Forwarded-For: 203.0.113.7|");
    cause("GET /nothing HTTP/1.1|");
    cause("GET /posts HTTP/1.1|");
    cause("TRACE /feed HTTP/1.1|");
    cause("GET /a%00b HTTP/1.1|");
    cause("GET /feed HTTP/1.1| folded|");
    cause("GET /" + "a".repeat(9000) + " HTTP/1.1|");
    cause("GET / HTTP/1.1|X: " + "a".repeat(17000) + "|");
    cause("POST /posts HTTP/1.1|Content-Length: 11|");
    cause("POST /posts HTTP/1.1|Content-Length: 5|");
    cause("POST /posts HTTP/1.1|Content-Length: 5|Expect: cake|");
    cause("GET /few HTTP/1.1|");
    cause("GET /few HTTP/1.1|");
    cause("GET /paid HTTP/1.1|");
    cause("GET /paid HTTP/1.1|");
    cause("GET /personal HTTP/1.1|X-Forwarded-For: " + ThreeRegions.NOWHERE + "|");
    cause("GET /gone HTTP/1.1|");
    cause("GET /unnamed HTTP/1.1|");
    cause("GET /plain HTTP/1.1|");
    cause("GET /away HTTP/1.1|");
    causeTooManyWebSockets();
    cause("POST /feed?mode=RESET_BEFORE_HEAD HTTP/1.1|Content-Length: 0|");
    cause("POST /feed?mode=GARBAGE HTTP/1.1|Content-Length: 0|");
    cause("POST /feed?mode=NEVER_ANSWER HTTP/1.1|Content-Length: 0|");

    // A mistake of the gateway cannot be caused, one who is gone is not told, the store is below.
    assertThat(kinds)
        .containsExactlyInAnyOrder(
            Arrays.stream(Kind.values())
                .filter(kind -> kind != Kind.INTERNAL && kind != Kind.CLIENT_GONE)
                .filter(kind -> kind != Kind.STORE_DOWN)
                .map(Kind::label)
                .toArray(String[]::new));
  }

  @Test
  void no_error_tells_of_the_store() {
    start(
        """
        state: {redis: {endpoints: ["redis://127.0.0.1:1"], deadline: 50ms}}
        pins: {keys: [{id: 1, secret: "${env:NONE:-0123456789abcdef0123456789abcdef}"}]}
        identity: {apiKeys: [{name: ada, key: "${env:NONE:-key-of-ada-0123456}"}]}
        """);

    cause("GET /closed HTTP/1.1|");
    cause("GET /paid HTTP/1.1|");
    cause("GET /wallet HTTP/1.1|X-API-Key: key-of-ada-0123456|");

    assertThat(kinds).containsExactly("store-down");
  }

  private void causeTooManyWebSockets() {
    try (Wire first = new Wire(gateway.port())) {
      String request = "GET /feed?mode=NEVER_ANSWER HTTP/1.1|" + UPGRADE;
      first.send(request.replace("|", "\r\n") + "Host: a\r\n\r\n");
      Awaiting.until(() -> gateway.gateway().inFlight() == 1);
      cause("GET /feed HTTP/1.1|" + UPGRADE);
    }
  }

  /** Sends a request and looks at the whole answer: status line, fields, body. */
  private void cause(String head) {
    try (Wire wire = new Wire(gateway.port())) {
      String close = head.contains(UPGRADE) ? "" : "Connection: close\r\n";
      wire.send(head.replace("|", "\r\n") + close + "Host: a\r\n\r\n");
      String answer = head.contains(UPGRADE) ? wire.readUntil("}\n") : wire.readAll();
      if (!answer.startsWith("HTTP/1.1 2")) {
        Matcher kind = KIND.matcher(answer);
        assertThat(kind.find()).as(head + answer).isTrue();
        kinds.add(kind.group(1));
        assertThat(answer).doesNotContainPattern(INSIDE).doesNotContain(":" + eu.port());
      }
    }
  }
}
