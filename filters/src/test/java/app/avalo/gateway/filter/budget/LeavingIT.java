package app.avalo.gateway.filter.budget;

import static app.avalo.gateway.filter.budget.BudgetSample.budget;
import static app.avalo.gateway.filter.budget.BudgetSample.flat;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A gateway that ends in order, and does not come back. */
class LeavingIT extends Replicas {
  private final BudgetConfig budget =
      BudgetSample.expiring(budget("ai", 1_000_000, flat(1_000)), 2_500);
  private Gateway one;
  private Gateway two;

  @BeforeEach
  void share() throws Exception {
    share(budget, 2);
    one = gateways.get(0);
    two = gateways.get(1);
  }

  private static void leave(Gateway gateway) throws Exception {
    gateway.ledger.leave().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private Hold hold() throws Exception {
    return (Hold) ask(one.ledger, budget, CHAT);
  }

  private void settle(Hold hold, long cost) {
    one.ledger.settle(hold, new long[] {cost}, one.ledger.nowMillis());
  }

  @Test
  void leavesNothingThatIsChargedLater() throws Exception {
    settle(hold(), 600);
    until(() -> sum("g:g0") > 600);

    leave(one);
    one.dead.set(true);

    assertThat(sum("g:g0")).isEqualTo(600);
    assertThat(sum("s:g0")).isEqualTo(600);
    until(() -> sum("swept") > sum("t:g0") + 2_500);
    until(() -> view(two, budget).spent() == 600);
    assertThat(redis.command("HEXISTS " + key() + " x:g0")).isEqualTo(":0");
    assertThat(view(two, budget).byService())
        .containsEntry("chat", 600L)
        .doesNotContainKey("(expired)");
  }

  @Test
  void whatIsStillHeldStaysLeased() throws Exception {
    settle(hold(), 600);
    Hold open = hold();

    leave(one);

    assertThat(sum("g:g0")).isEqualTo(1_600);
    assertThat(sum("s:g0")).isEqualTo(600);
    settle(open, 300);
    until(() -> sum("s:g0") == 900);
    until(() -> sum("g:g0") == 900);
  }

  @Test
  void anAnswerThatGotLostIsAskedForAgain() throws Exception {
    settle(hold(), 600);
    one.deaf.set(true);
    int stated = one.stated.get();
    var left = one.ledger.leave();
    until(() -> one.stated.get() > stated);
    one.deaf.set(false);
    left.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);

    assertThat(sum("g:g0")).isEqualTo(600);
  }

  @Test
  void nobodyWaitsForAStoreThatIsAway() throws Exception {
    settle(hold(), 600);
    until(() -> sum("g:g0") > 600);
    one.dead.set(true);

    leave(one);

    assertThat(sum("g:g0")).as("is not back").isGreaterThan(600);
  }
}
