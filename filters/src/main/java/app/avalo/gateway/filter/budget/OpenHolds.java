package app.avalo.gateway.filter.budget;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The holds of one event loop that are not settled: a ring, which makes no garbage. */
final class OpenHolds {
  private final Executor loop;
  private @Nullable Hold any;

  OpenHolds(Executor loop) {
    this.loop = loop;
  }

  /** Runs the task on that loop. */
  void execute(Runnable task) {
    loop.execute(task);
  }

  /** Takes a hold in; once. */
  void add(Hold hold) {
    hold.open = this;
    Hold next = any;
    if (next != null) {
      hold.after = next;
      hold.before = next.before;
      hold.before.after = hold;
      next.before = hold;
    }
    any = hold;
  }

  /** Lets go of a hold that was taken in; once. */
  void remove(Hold hold) {
    hold.before.after = hold.after;
    hold.after.before = hold.before;
    any = hold.after == hold ? null : hold.after;
  }

  /** Those that nobody settles any more, it seems. */
  List<Hold> forgotten(long nowNanos) {
    List<Hold> forgotten = new ArrayList<>();
    Hold hold = any;
    while (hold != null) {
      if (hold.isForgotten(nowNanos)) {
        forgotten.add(hold);
      }
      hold = hold.after == any ? null : hold.after;
    }
    return forgotten;
  }
}
