package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import io.vertx.core.Promise;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;

/** What is told of a budget that replicas share, one of which dies while it tells. */
class SharedAlertsIT extends Replicas {
  private final BudgetConfig budget =
      BudgetSample.expiring(budget("ai", 1_000_000, flat(100_000)), 2_500);

  private void spend(Gateway gateway, int requests) throws Exception {
    for (int i = 0; i < requests; i++) {
      Hold hold = (Hold) ask(gateway.ledger, budget, PANIC);
      gateway.ledger.settle(hold, new long[] {100_000}, gateway.ledger.nowMillis());
    }
  }

  private String field(String name) {
    try {
      return redis.command("HGET " + key() + " " + name);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static void exchanges(Gateway gateway, int times) {
    int stated = gateway.stated.get();
    gateway.ledger.known("ai").keeper().hurry();
    until(() -> gateway.stated.get() >= stated + times);
  }

  @Test
  void whatAReplicaTellsThatGoesSilentIsToldByAnother() throws Exception {
    share(budget, 2);
    Gateway dying = gateways.get(0);
    Gateway other = gateways.get(1);
    Promise<Void> lost = Promise.promise();
    dying.operators = lost.future();
    spend(dying, 7);
    until(() -> dying.told.contains(Kind.ALERT));
    exchanges(other, 2);
    assertThat(other.told).as("its task is another's").isEmpty();

    dying.dead.set(true);

    until(() -> other.told.contains(Kind.ALERT));
    until(() -> "g1".equals(field("o:alert")));
    assertThat(field("p:alert")).isEqualTo("$-1");
    assertThat(other.told).containsExactly(Kind.ALERT);
    assertThat(dying.told).containsExactly(Kind.ALERT);
  }

  @Test
  void whatAReplicaIsStillTellingIsNotToldByAnother() throws Exception {
    share(budget, 2);
    Gateway one = gateways.get(0);
    Gateway other = gateways.get(1);
    Promise<Void> late = Promise.promise();
    one.operators = late.future();
    spend(one, 7);
    until(() -> one.told.contains(Kind.ALERT));
    exchanges(other, 2);
    exchanges(one, 1);

    late.complete();
    one.ledger.configure(Plans.minimal().compile()); // rests, but not before that is stated

    until(() -> "g0".equals(field("o:alert")));
    exchanges(other, 2);
    assertThat(other.told).isEmpty();
    assertThat(one.told).containsExactly(Kind.ALERT);
  }

  @Test
  void whatAnEarlierReleaseToldIsNotToldAgain() throws Exception {
    redis.command("HSET " + key() + " o:alert old");
    share(budget, 1);
    Gateway one = gateways.get(0);
    spend(one, 8);

    until(() -> one.told.contains(Kind.THROTTLE));

    assertThat(one.told).containsExactly(Kind.THROTTLE);
  }
}
