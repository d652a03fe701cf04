package app.avalo.gateway.filter.budget.term;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.budget.journal.Counter;
import app.avalo.gateway.filter.budget.lease.Lease;
import app.avalo.gateway.filter.budget.lease.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a replica says of its days. */
class SumsTest {
  private static final long DAY = 86_400_000;
  private static final long NOON = 1_795_219_200_000L + DAY / 2; // 21 November

  private final Sums sums = new Sums(label -> Counter.FORGOTTEN, true);

  private void spend(long micros, long nowMillis) {
    Labels labels = Labels.of("vip", Span.day(nowMillis), "eu");
    sums.settle("ai", labels, 0, micros);
  }

  private List<String> days(long nowMillis) {
    return sums.labels(List.of("ai"), nowMillis).stream()
        .filter(label -> label.startsWith(Span.DAY))
        .toList();
  }

  /** The store takes in what is said now. */
  private void stated(long nowMillis) {
    List<String> labels = sums.labels(List.of("ai"), nowMillis);
    long[] own = sums.own(labels);
    Statement.Where where = new Statement.Where("ai", "2026-11.PLN", 1, 1, 1);
    Statement said =
        new Statement(where, 1, 0, 0, 0, 0, 0, 0, List.of(), List.of(), true, labels, own);
    Lease lease =
        new Lease(0, 0, 0, 0, 0, 0, 0, 1, List.of(), List.of(), List.of(), own.clone(), own);
    sums.leased(lease, said, false);
  }

  @Test
  void aDayThatTheStoreMissedIsNamedUntilItKnowsIt() {
    spend(100, NOON);
    stated(NOON);
    spend(50, NOON); // Redis is away from here on
    spend(10, NOON + DAY);
    spend(10, NOON + 3 * DAY);

    assertThat(days(NOON + 3 * DAY)).containsExactlyInAnyOrder("day:21", "day:22", "day:24");
    stated(NOON + 3 * DAY);

    assertThat(days(NOON + 3 * DAY)).containsExactly("day:24");
    assertThat(days(NOON + 4 * DAY)).containsExactly("day:24");
    assertThat(days(NOON + 5 * DAY)).isEmpty();
  }
}
