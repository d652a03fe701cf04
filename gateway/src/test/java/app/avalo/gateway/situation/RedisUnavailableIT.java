package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.cookie;
import static app.avalo.gateway.situation.Answers.header;
import static app.avalo.gateway.situation.Answers.post;
import static app.avalo.gateway.situation.Answers.problem;
import static app.avalo.gateway.situation.Answers.received;
import static app.avalo.gateway.situation.Answers.servedBy;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Redis is absent, killed, frozen or empty: what needs it is refused quickly, what does not goes
 * on, and everything is as before when it is back, without a restart.
 */
class RedisUnavailableIT {
  /** Far above the store's deadline, far below what a client would call hanging. */
  private static final Duration SLACK = Duration.ofSeconds(1);

  private static final String DEADLINE = "100ms";

  private final ThreeRegions regions = new ThreeRegions();
  private final RedisServer redis = RedisServer.start();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    gateway = RunningGateway.start(sections(regions, redis.url(), DEADLINE));
  }

  static String sections(ThreeRegions regions, String redis, String deadline) {
    return ThreeRegions.PLACES
        + """
        state: {redis: {endpoints: ["%2$s"], deadline: %3$s}}
        pins:
          keys: [{id: 1, secret: "${env:NONE:-0123456789abcdef0123456789abcdef}"}]
        identity:
          apiKeys: [{name: ada, key: "${env:NONE:-key-of-ada-0123456}"}]
        limits:
          alone: {key: address, rate: 10/h, onStoreDown: local-share}
          open: {key: address, rate: 10/h, onStoreDown: open}
          closed: {key: address, rate: 10/h, onStoreDown: closed}
          forty: {key: route, rate: 40/h}
        budgets:
          month: {amount: 1 PLN, services: [paid], cost: {perRequest: 0.05 PLN}, throttleAt: 100%%, criticalAt: 100%%, outageAllowance: 0%%}
          spare: {amount: 1 PLN, services: [spare], cost: {perRequest: 0.05 PLN}, throttleAt: 100%%, criticalAt: 100%%, outageAllowance: 30%%}
        services:
          feed: {%1$s}
          paid: {%1$s}
          spare: {%1$s}
          chat: {pin: {contract: move}, %1$s}
          wallet: {pin: {contract: single-home}, %1$s}
        routes:
          - {name: feed, match: {path: {prefix: /feed}}, service: feed}
          - {name: alone, match: {path: {prefix: /alone}}, service: feed, limits: [alone]}
          - {name: open, match: {path: {prefix: /open}}, service: feed, limits: [open]}
          - {name: closed, match: {path: {prefix: /closed}}, service: feed, limits: [closed]}
          - {name: forty, match: {path: {prefix: /forty}}, service: feed, limits: [forty]}
          - {name: spare, match: {path: {prefix: /spare}}, service: spare}
          - {name: paid, match: {path: {prefix: /paid}}, service: paid}
          - {name: chat, match: {path: {prefix: /chat}}, service: chat}
          - {name: wallet, match: {path: {prefix: /wallet}}, service: wallet}
        """
            .formatted(regions.everywhere(), redis, deadline);
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
    redis.close();
  }

  @Test
  void a_gateway_that_has_just_started_is_connected_to_it() {
    assertThat(isUp()).isTrue();
    assertThat(gateway.get("/paid").statusCode()).isEqualTo(200);
  }

  @Test
  void a_gateway_starts_although_it_accepts_and_says_nothing() throws IOException {
    gateway.close();
    try (ServerSocket mute = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
      String url = "redis://127.0.0.1:" + mute.getLocalPort();
      gateway = RunningGateway.start(sections(regions, url, DEADLINE));

      assertThat(gateway.get("/feed").statusCode()).isEqualTo(200);
      assertThat(gateway.get("/closed").statusCode()).isEqualTo(503);
    }
  }

  @Test
  void a_gateway_starts_without_it_and_finds_it_later() {
    redis.kill();
    gateway.close();
    gateway = RunningGateway.start(sections(regions, redis.url(), DEADLINE));

    assertWithoutRedis();
    assertThat(admitted("/paid", 30)).as("nothing was leased yet").isZero();
    assertThat(admitted("/spare", 30)).as("the allowance, once").isEqualTo(6);

    redis.restart();
    Awaiting.until(this::isUp);
    Awaiting.until(() -> spent("spare") == 300_000);
    Awaiting.until(() -> pay("/wallet", "none").statusCode() == 200);
    Awaiting.until(() -> gateway.get("/paid").statusCode() == 200);
  }

  @Test
  void killed_it_takes_only_what_needs_it_along() {
    assertThat(admitted("/paid", 4)).isEqualTo(4);
    assertThat(admitted("/alone", 2)).isEqualTo(2);
    assertThat(decided("alone", "exact")).isEqualTo(2);
    redis.kill();
    Awaiting.until(() -> !isUp());

    assertWithoutRedis();
    assertThat(decided("alone", "exact")).as("none more").isEqualTo(2);
    assertThat(decided("alone", "local-share")).isEqualTo(15);
    assertThat(decided("open", "open")).isEqualTo(15);
    assertThat(decided("closed", "closed")).isEqualTo(1);
    assertThat(admitted("/paid", 30)).as("what was leased, at most").isLessThanOrEqualTo(16);
    assertThat(admitted("/spare", 30)).as("the allowance at least").isBetween(6, 20);

    redis.restart();
    Awaiting.until(this::isUp);
    assertThat(gateway.get("/closed").statusCode()).isEqualTo(200);
    assertThat(decided("closed", "exact")).as("as before").isEqualTo(1);
    Awaiting.until(() -> pay("/wallet", "none").statusCode() == 200);
  }

  @Test
  void frozen_it_holds_nobody_up_for_longer_than_the_deadline() {
    String chatter = cookie(chat("none"));
    redis.stop();

    Duration worst = Duration.ZERO;
    String[] paths = {"/feed", "/alone", "/open", "/closed", "/paid", "/chat"};
    for (int i = 0; i < 60; i++) {
      long start = System.nanoTime();
      HttpResponse<String> answer =
          gateway.get(paths[i % paths.length], "Cookie", chatter, "X-Forwarded-For", "10.1.1.1");
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      worst = took.compareTo(worst) > 0 ? took : worst;
      assertThat(answer.statusCode()).as(paths[i % paths.length]).isIn(200, 429, 503);
    }

    assertThat(worst).isLessThan(SLACK);
    assertWithoutRedis();
    redis.cont();
    Awaiting.until(this::isUp);
    assertThat(gateway.get("/closed").statusCode()).isEqualTo(200);
    Awaiting.until(() -> pay("/wallet", "none").statusCode() == 200);
  }

  @Test
  void empty_after_a_restart_it_learns_the_pins_again_from_those_who_have_them() {
    HttpResponse<String> first = pay("/wallet", "none");
    redis.kill();
    redis.restart();
    Awaiting.until(this::isUp);

    HttpResponse<String> abroad =
        post(
            gateway,
            "/wallet",
            "Cookie",
            cookie(first),
            "X-Forwarded-For",
            ThreeRegions.SAN_FRANCISCO);

    assertThat(servedBy(first)).isEqualTo("eu");
    assertThat(servedBy(abroad)).isEqualTo("eu");
    assertThat(Long.parseLong(received(abroad, "x-pin-epoch")))
        .isGreaterThanOrEqualTo(Long.parseLong(received(first, "x-pin-epoch")));
  }

  @Test
  void without_it_a_known_wallet_can_be_read_and_not_written() {
    String known = cookie(pay("/wallet", "none"));
    redis.kill();
    Awaiting.until(() -> "1".equals(received(readWallet(known), "x-pin-stale")));

    HttpResponse<String> read = readWallet(known);
    Awaiting.until(() -> pay("/wallet", known).statusCode() == 503);
    HttpResponse<String> written = pay("/wallet", known);

    assertThat(read.statusCode()).isEqualTo(200);
    assertThat(servedBy(read)).isEqualTo("eu");
    assertThat(received(read, "x-pin-until")).as("no lease").isEmpty();
    assertThat(written.statusCode()).isEqualTo(503);
    assertThat(problem(written)).isEqualTo("store-down");
    assertThat(header(written, "Retry-After")).isNotEmpty();
  }

  private HttpResponse<String> readWallet(String cookie) {
    return gateway.get("/wallet", "X-Forwarded-For", ThreeRegions.BERLIN, "Cookie", cookie);
  }

  /** Each kind of state does what its rule says while there is no Redis. */
  private void assertWithoutRedis() {
    assertThat(gateway.get("/feed").statusCode()).isEqualTo(200);
    assertThat(admitted("/alone", 15)).as("counted here").isBetween(1, 10);
    assertThat(admitted("/open", 15)).isEqualTo(15);
    HttpResponse<String> closed = gateway.get("/closed");
    assertThat(closed.statusCode()).isEqualTo(503);
    assertThat(problem(closed)).isEqualTo("store-down");
    assertThat(header(closed, "Retry-After")).isNotEmpty();

    HttpResponse<String> chat = chat("none");
    assertThat(chat.statusCode()).isEqualTo(200);
    assertThat(servedBy(chat(cookie(chat)))).isEqualTo(servedBy(chat));

    long before = regions.requests();
    HttpResponse<String> wallet = pay("/wallet", "none");
    assertThat(wallet.statusCode()).isEqualTo(503);
    assertThat(problem(wallet)).isEqualTo("store-down");
    assertThat(header(wallet, "Retry-After")).isNotEmpty();
    assertThat(regions.requests()).as("nobody was paid").isEqualTo(before);
  }

  /** Of a policy by its mode, as operators see it. */
  private int decided(String policy, String by) {
    URI metrics = URI.create("http://127.0.0.1:" + gateway.adminPort() + "/metrics");
    return gateway
        .send(HttpRequest.newBuilder(metrics).build())
        .body()
        .lines()
        .filter(line -> line.startsWith("gateway_limit_decided_by_total{"))
        .filter(line -> line.contains("policy=\"" + policy + "\""))
        .filter(line -> line.contains("by=\"" + by + "\""))
        .mapToInt(line -> (int) Double.parseDouble(line.substring(line.indexOf("} ") + 2)))
        .sum();
  }

  /** Micro-units that all replicas have spent, as far as this one has heard back. */
  private long spent(String budget) {
    return gateway.gateway().shared().ledger().view(gateway.gateway().plan()).stream()
        .filter(view -> view.name().equals(budget) && view.store() == BudgetView.Store.SHARED)
        .mapToLong(BudgetView::spent)
        .sum();
  }

  private boolean isUp() {
    return gateway.gateway().loops().stream().allMatch(loop -> loop.redis().up());
  }

  private HttpResponse<String> chat(String cookie) {
    return gateway.get("/chat", "X-Forwarded-For", ThreeRegions.BERLIN, "Cookie", cookie);
  }

  private HttpResponse<String> pay(String path, String cookie) {
    return post(gateway, path, "X-Forwarded-For", ThreeRegions.BERLIN, "Cookie", cookie);
  }

  private int admitted(String path, int requests) {
    int admitted = 0;
    for (int i = 0; i < requests; i++) {
      long start = System.nanoTime();
      admitted += gateway.get(path).statusCode() == 200 ? 1 : 0;
      assertThat(Duration.ofNanos(System.nanoTime() - start)).as(path).isLessThan(SLACK);
    }
    return admitted;
  }
}
