package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.header;
import static app.avalo.gateway.situation.Answers.rule;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.admin.AuditTrail;
import app.avalo.gateway.filter.budget.abuse.Spenders.Paused;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Where a budget would refuse, a cheaper service serves; who spends far more than others is
 * refused, and they are not.
 */
class CheaperServiceIT {
  private static final int USERS = 12;

  private final ThreeRegions regions = new ThreeRegions();
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    String users =
        IntStream.range(0, USERS)
            .mapToObj(i -> "{name: u%d, key: \"${env:NONE:-%s}\"}".formatted(i, key(i)))
            .collect(Collectors.joining(", "));
    gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + """
                budgets:
                  month:
                    amount: 1 PLN
                    services: [ai]
                    cost: {perRequest: 0.01 PLN}
                    cheaper: {ai: small}
                  chats:
                    amount: 100 PLN
                    services: [chat]
                    cost: {header: X-Cost, reserve: 1 PLN}
                    abuse: {least: 2 PLN}
                identity: {apiKeys: [%1$s]}
                services:
                  ai: {regions: {eu: "%2$s"}}
                  small: {regions: {us: "%3$s"}}
                  chat: {%4$s}
                routes:
                  - {name: ai, match: {path: {prefix: /ai}}, service: ai}
                  - {name: chat, match: {path: {prefix: /chat}}, service: chat}
                """
                    .formatted(
                        users,
                        RunningGateway.endpoint(regions.eu().port()),
                        RunningGateway.endpoint(regions.us().port()),
                        regions.everywhere()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  private static String key(int user) {
    return "key-of-user-%02d-0123456789abcdef-not-secret".formatted(user);
  }

  private HttpResponse<String> chat(int user, String cost) {
    HttpResponse<String> answer = gateway.get("/chat?cost=" + cost, "x-api-key", key(user));
    Awaiting.until(() -> view(1).reserved() == 0);
    return answer;
  }

  private BudgetView view(int budget) {
    return gateway.gateway().shared().ledger().view(gateway.gateway().plan()).get(budget);
  }

  @Test
  void nobody_is_refused_while_a_cheaper_service_can_serve() {
    for (int i = 0; i < 200; i++) {
      assertThat(gateway.get("/ai").statusCode()).isEqualTo(200);
      Awaiting.until(() -> view(0).reserved() == 0);
    }

    assertThat(regions.eu().requests()).isBetween(81L, 100L);
    assertThat(regions.us().requests()).isEqualTo(200 - regions.eu().requests());
    assertThat(view(0).counts().diverted()).isEqualTo(regions.us().requests());
    assertThat(view(0).spent()).isEqualTo(10_000 * regions.eu().requests());
  }

  @Test
  void one_user_is_refused_and_let_go_on_while_others_never_notice() {
    for (int user = 1; user < USERS; user++) {
      chat(user, "0.05");
    }
    chat(0, "1.00");
    try (AuditTrail audit = new AuditTrail()) {
      assertThat(chat(0, "1.10").statusCode()).as("found out by this one").isEqualTo(200);
      assertThat(audit.lines())
          .singleElement(as(InstanceOfAssertFactories.map(String.class, String.class)))
          .containsEntry("who", "gateway")
          .containsEntry("role", "automatic")
          .containsEntry("action", "pause-spender")
          .containsEntry("target", "chats k=u0")
          .hasEntrySatisfying(
              "reason",
              why ->
                  assertThat(why)
                      .startsWith("spent 2100000 micro-units in an hour, others 50000 on average"));
    }

    HttpResponse<String> refused = chat(0, "0.01");

    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(rule(refused)).isEqualTo("chats");
    assertThat(refused.body()).contains("far more of the budget chats than others");
    assertThat(Long.parseLong(header(refused, "Retry-After"))).isBetween(3_590L, 3_600L);
    assertThat(chat(1, "0.05").statusCode()).isEqualTo(200);
    assertThat(gateway.gateway().shared().observed().page().render(null).body().toString())
        .contains("gateway_budget_pauses_total{budget=\"chats\"} 1.0");
    var spenders = gateway.gateway().shared().ledger().desk().spenders("chats");
    assertThat(spenders.paused(0)).extracting(Paused::spender).isEqualTo(List.of("k=u0"));
    assertThat(spenders.release("k=u0")).isTrue();
    assertThat(chat(0, "1.00").statusCode()).isEqualTo(200);
  }
}
