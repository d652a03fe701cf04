package app.avalo.gateway.admin;

import static app.avalo.gateway.admin.AdminClient.OPERATOR;
import static app.avalo.gateway.admin.AdminClient.VIEWER;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.admin.AdminClient.Answer;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who spends far more than others is seen, and let go on by an operator. */
class PausedSpendersIT {
  private static final int USERS = 12;
  private static final String PAUSED = "/admin/budgets/chats/paused";

  private final ThreeRegions regions = new ThreeRegions();
  private final RunningGateway gateway =
      RunningGateway.startExactly(
          AdminFixture.common()
              + ThreeRegions.PLACES
              + """
              budgets:
                chats:
                  amount: 100 PLN
                  services: [chat]
                  cost: {header: X-Cost, reserve: 1 PLN}
                  abuse: {least: 1 PLN}
              identity: {apiKeys: [%2$s]}
              services:
                chat: {%1$s}
              routes:
                - {name: chat, match: {path: {prefix: /chat}}, service: chat}
              """
                  .formatted(
                      regions.everywhere(),
                      IntStream.range(0, USERS)
                          .mapToObj(i -> "{name: u%d, key: \"${env:N:-%s}\"}".formatted(i, key(i)))
                          .collect(Collectors.joining(", "))));
  private final AdminClient admin = new AdminClient(gateway);
  private final AuditTrail audit = new AuditTrail();

  @AfterEach
  void stop() {
    audit.close();
    gateway.close();
    regions.close();
  }

  private static String key(int user) {
    return "key-of-user-%02d-0123456789abcdef-not-secret".formatted(user);
  }

  private int spend(int user, String cost) {
    int status = gateway.get("/chat?cost=" + cost, "x-api-key", key(user)).statusCode();
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    return status;
  }

  @Test
  void who_is_paused_is_refused_until_an_operator_lets_it_go_on() {
    for (int user = 1; user < USERS; user++) {
      spend(user, "0.01");
    }
    assertThat(spend(0, "3")).isEqualTo(200);
    var refused = gateway.get("/chat", "x-api-key", key(0));
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(new JsonObject(refused.body()).getString("level")).isEqualTo("paused");
    assertThat(spend(1, "0.01")).as("the others").isEqualTo(200);
    Answer seen = admin.get(VIEWER, PAUSED);
    assertThat(seen.json().getJsonArray("paused").getJsonObject(0).getString("spender"))
        .isEqualTo("k=u0");

    Answer misspelt = admin.delete(OPERATOR, PAUSED + "/u0?reason=fine");
    assertThat(misspelt.status()).isEqualTo(404);
    assertThat(misspelt.detail())
        .isEqualTo("spender paused by this gateway: u0 (expected one of k=u0)");
    assertThat(audit.of(misspelt).get(0)).containsEntry("outcome", misspelt.detail());
    assertThat(spend(0, "0.01")).isEqualTo(429);

    Answer released = admin.delete(OPERATOR, PAUSED + "/k=u0?reason=batch%20job");
    assertThat(released.status()).isEqualTo(200);
    assertThat(released.json().getJsonArray("paused")).isEmpty();
    assertThat(audit.of(released).get(0))
        .containsAllEntriesOf(
            Map.of(
                "who", "olaf",
                "action", "release-spender",
                "target", "chats k=u0",
                "reason", "batch job",
                "outcome", "done"));
    assertThat(spend(0, "3")).as("spared").isEqualTo(200);
    assertThat(spend(0, "0.01")).isEqualTo(200);
    Answer again = admin.delete(OPERATOR, PAUSED + "/k=u0?reason=again");
    assertThat(again.status()).isEqualTo(404);
    assertThat(again.detail())
        .isEqualTo("spender: k=u0 (this gateway pauses nobody for this budget)");
  }
}
