package app.avalo.gateway.situation;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.budget.BudgetLedger;
import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients and trusted hops send a request once more, under the id that it had. */
class RepeatedRequestsIT {
  private static final String[] ADA = {
    "X-Api-Key", "key-of-ada-0123456", "Idempotency-Key", "order-1"
  };

  @TempDir private Path directory;
  private final ThreeRegions regions = new ThreeRegions();

  private RunningGateway start(String name, String redis) {
    RunningGateway gateway =
        RunningGateway.start(
            ThreeRegions.PLACES
                + """
                identity: {apiKeys: [{name: ada, key: "${env:NONE:-key-of-ada-0123456}"}]}
                state: {directory: "%2$s"%3$s}
                budgets:
                  keys: {amount: 9 PLN, services: [ai], cost: {header: X-Cost, reserve: 0.50 PLN, idempotencyKey: Idempotency-Key}}
                  hops: {amount: 9 PLN, services: [hop], cost: {header: X-Cost, reserve: 0.50 PLN, idempotencyKey: X-Request-ID}}
                services:
                  ai: {%1$s}
                  hop: {%1$s}
                routes:
                  - {name: ai, match: {path: {prefix: /ai}}, service: ai}
                  - {name: hop, match: {path: {prefix: /hop}}, service: hop}
                """
                    .formatted(regions.everywhere(), directory.resolve(name), redis));
    Awaiting.until(gateway.gateway()::isReady);
    return gateway;
  }

  @AfterEach
  void stop() {
    regions.close();
  }

  private static List<BudgetView> budgets(RunningGateway gateway) {
    BudgetLedger ledger = gateway.gateway().shared().ledger();
    Awaiting.until(
        () -> ledger.view(gateway.gateway().plan()).stream().allMatch(b -> b.reserved() == 0));
    return ledger.view(gateway.gateway().plan());
  }

  private static List<Long> spent(RunningGateway gateway) {
    return budgets(gateway).stream().map(BudgetView::spent).toList();
  }

  private static void repeated(RunningGateway gateway, int times) {
    for (int i = 0; i < times; i++) {
      assertThat(gateway.get("/ai?cost=0.25", ADA).statusCode()).isEqualTo(200);
      assertThat(gateway.get("/hop?cost=0.40", "X-Request-ID", "hop-1").statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void it_pays_once_before_and_after_a_restart() {
    RunningGateway gateway = start("one", "");
    repeated(gateway, 3);
    assertThat(spent(gateway)).containsExactly(250_000L, 400_000L);
    assertThat(budgets(gateway).get(0).counts().repeated()).isEqualTo(2);
    gateway.close();

    RunningGateway again = start("one", "");
    repeated(again, 2);

    assertThat(spent(again)).containsExactly(250_000L, 400_000L);
    assertThat(regions.requests())
        .as("all reach the service, which knows them again")
        .isEqualTo(10);
    again.close();
  }

  @Test
  void it_pays_once_at_whichever_gateway_it_comes() {
    try (RedisServer redis = RedisServer.start()) {
      String shared = ", redis: {endpoints: [\"" + redis.url() + "\"], deadline: 5s}";
      RunningGateway one = start("one", shared);
      RunningGateway two = start("two", shared);
      Awaiting.until(() -> isShared(one) && isShared(two));

      repeated(one, 2);
      repeated(two, 2);

      Awaiting.until(() -> spent(one).equals(List.of(250_000L, 400_000L)));
      Awaiting.until(() -> spent(two).equals(List.of(250_000L, 400_000L)));
      assertThat(budgets(two).get(0).counts().repeated()).isEqualTo(2);
      assertThat(budgets(two).get(0).counts().forgotten()).isZero();
      one.close();
      two.close();
    }
  }

  private static boolean isShared(RunningGateway gateway) {
    return budgets(gateway).stream().allMatch(b -> b.store() == BudgetView.Store.SHARED);
  }
}
