package app.avalo.gateway.filter.budget.term;

import app.avalo.gateway.filter.budget.view.BudgetView;

/** Requests of one period by what became of them. Guarded by its term. */
final class Counted {
  long admitted;
  long diverted;
  private long paced;
  private long refused;
  private long settled;
  private long underestimated;
  private final long[] remarks = new long[Remark.values().length];

  void refused(Answer why) {
    paced += why == Answer.PACED ? 1 : 0;
    refused += why == Answer.PACED ? 0 : 1;
  }

  void settled(long held, long cost) {
    settled++;
    underestimated += cost > held ? 1 : 0;
  }

  void remarked(Remark remark) {
    remarks[remark.ordinal()]++;
  }

  private long of(Remark remark) {
    return remarks[remark.ordinal()];
  }

  BudgetView.Counts counts() {
    return new BudgetView.Counts(
        admitted,
        diverted,
        paced,
        refused,
        settled,
        of(Remark.UNREADABLE),
        underestimated,
        of(Remark.REPEATED),
        of(Remark.FORGOTTEN));
  }
}
