package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.cookie;
import static app.avalo.gateway.situation.Answers.received;
import static app.avalo.gateway.situation.Answers.servedBy;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.region.Standing;
import app.avalo.gateway.reload.ReloadStatus;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The configuration changes while the gateway works: no request and no state is lost. */
class ReloadIT {
  private static final String CLIENT = ThreeRegions.BERLIN;

  private final ThreeRegions regions = new ThreeRegions();
  private final RunningGateway gateway = RunningGateway.start(sections("/old", ""));
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private String sections(String upstreamPath, String more) {
    return ThreeRegions.PLACES
        + """
        limits:
          ten: {key: address, rate: 10/h}
        budgets:
          month: {amount: 1 PLN, services: [paid], cost: {perRequest: 0.10 PLN}}
        services:
          feed: {%1$s}
          paid: {%1$s}
          chat: {pin: {contract: move}, %1$s}
        routes:
          - {name: feed, match: {path: {prefix: /feed}}, service: feed, rewrite: {prefix: %2$s}}
          - {name: limited, match: {path: {prefix: /limited}}, service: feed, limits: [ten]}
          - {name: paid, match: {path: {prefix: /paid}}, service: paid}
          - {name: chat, match: {path: {prefix: /chat}}, service: chat}
        %3$s
        """
            .formatted(regions.everywhere(), upstreamPath, more);
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  @Test
  void requests_in_flight_end_under_the_plan_they_began_with_and_new_ones_see_the_new() {
    List<CompletableFuture<HttpResponse<String>>> slow = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      slow.add(begin("/feed?delay=500&n=" + i));
    }
    Awaiting.until(() -> regions.requests() == 20);

    for (int i = 0; i < 5; i++) {
      gateway.rewrite(sections("/new" + i, ""));
      assertThat(reload().successful()).isTrue();
    }

    HttpResponse<String> after = gateway.get("/feed");
    assertThat(after.body()).contains("\"target\":\"/new4\"");
    assertThat(slow.stream().filter(CompletableFuture::isDone)).as("in flight meanwhile").isEmpty();
    for (CompletableFuture<HttpResponse<String>> request : slow) {
      assertThat(request.join().statusCode()).isEqualTo(200);
      assertThat(request.join().body()).contains("\"target\":\"/old?");
    }
  }

  @Test
  void a_stream_of_requests_loses_none_while_plans_are_swapped() {
    CompletableFuture<Integer> failures = CompletableFuture.supplyAsync(() -> failuresOf(300));
    int swaps = 0;
    while (!failures.isDone()) {
      gateway.rewrite(sections("/new" + swaps++, ""));
      assertThat(reload().successful()).isTrue();
    }

    assertThat(failures.join()).isZero();
    assertThat(swaps).isGreaterThan(3);
  }

  private int failuresOf(int requests) {
    int failures = 0;
    for (int i = 0; i < requests; i++) {
      failures += gateway.get("/feed", "X-Forwarded-For", CLIENT).statusCode() == 200 ? 0 : 1;
    }
    return failures;
  }

  @Test
  void buckets_money_pins_and_health_survive() {
    for (int i = 0; i < 10; i++) {
      assertThat(gateway.get("/limited", "X-Forwarded-For", CLIENT).statusCode()).isEqualTo(200);
    }
    for (int i = 0; i < 3; i++) {
      gateway.get("/paid");
    }
    HttpResponse<String> pinned = gateway.get("/chat", "X-Forwarded-For", CLIENT);
    regions.asia().mode(Mode.RESET_BEFORE_HEAD);
    Awaiting.until(() -> asia() == Standing.OUT);

    gateway.rewrite(sections("/new", ""));
    assertThat(reload().successful()).isTrue();

    assertThat(asia()).isEqualTo(Standing.OUT);
    assertThat(gateway.get("/limited", "X-Forwarded-For", CLIENT).statusCode()).isEqualTo(429);
    assertThat(gateway.gateway().shared().ledger().view(gateway.gateway().plan()).get(0).spent())
        .isEqualTo(300_000);
    HttpResponse<String> again =
        gateway.get(
            "/chat", "X-Forwarded-For", ThreeRegions.SAN_FRANCISCO, "Cookie", cookie(pinned));
    assertThat(servedBy(again)).isEqualTo("eu");
    assertThat(received(again, "x-pin-epoch")).isEqualTo(received(pinned, "x-pin-epoch"));
  }

  @Test
  void a_bad_file_changes_nothing_and_says_what_is_wrong() {
    String before = gateway.gateway().lastReload().fingerprint();
    gateway.rewrite(sections("/new", "nonsense: true"));

    var status = reload();

    assertThat(status.successful()).isFalse();
    assertThat(status.faults()).hasSize(1).allMatch(fault -> fault.contains("nonsense"));
    assertThat(status.fingerprint()).isEqualTo(before);
    assertThat(gateway.get("/feed").body()).contains("\"target\":\"/old\"");
    gateway.rewrite(sections("/new", ""));
    assertThat(reload().successful()).isTrue();
    assertThat(gateway.get("/feed").body()).contains("\"target\":\"/new\"");
  }

  @Test
  void what_only_a_restart_can_change_is_reported() {
    gateway.rewrite(sections("/new", "state: {directory: elsewhere}"));
    assertThat(reload().needsRestart()).containsExactly("state");
    assertThat(reload().needsRestart()).as("still not in force").containsExactly("state");

    gateway.rewriteExactly(
        RunningGateway.COMMON.replace("name: plain", "name: other") + sections("/new", ""));
    assertThat(reload().needsRestart()).containsExactly("listeners");
    assertThat(gateway.get("/feed").statusCode()).as("on the old one").isEqualTo(200);

    gateway.rewrite(sections("/new", "shutdownGrace: 5s"));
    assertThat(reload().needsRestart()).isEmpty();
  }

  private Standing asia() {
    return gateway.gateway().health().standing(gateway.gateway().plan().region("asia"));
  }

  private ReloadStatus reload() {
    return RunningGateway.await(gateway.gateway().reload("admin"));
  }

  private CompletableFuture<HttpResponse<String>> begin(String path) {
    return client.sendAsync(
        HttpRequest.newBuilder(gateway.uri(path)).build(), HttpResponse.BodyHandlers.ofString());
  }
}
