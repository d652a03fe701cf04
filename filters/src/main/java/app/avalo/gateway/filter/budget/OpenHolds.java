package app.avalo.gateway.filter.budget;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Holds that are not settled, for whoever looks for forgotten ones. Divided by threads, so that
 * event loops do not wait for each other; makes no garbage. Safe from every thread.
 */
final class OpenHolds {
  private static final int PARTS = 16;

  private final Part[] parts = new Part[PARTS];

  /** A ring of holds without a beginning. */
  private static final class Part {
    private @Nullable Hold any; // guarded by this
  }

  OpenHolds() {
    for (int i = 0; i < PARTS; i++) {
      parts[i] = new Part();
    }
  }

  /** Takes a hold in; once. */
  void add(Hold hold) {
    hold.part = (int) Thread.currentThread().getId() & PARTS - 1;
    Part part = parts[hold.part];
    synchronized (part) {
      Hold any = part.any;
      if (any == null) {
        hold.before = hold;
        hold.after = hold;
      } else {
        hold.before = any;
        hold.after = any.after;
        any.after.before = hold;
        any.after = hold;
      }
      part.any = hold;
    }
  }

  /** Lets go of a hold that was taken in; once. */
  void remove(Hold hold) {
    Part part = parts[hold.part];
    synchronized (part) {
      part.any = hold.after == hold ? null : hold.after;
      hold.before.after = hold.after;
      hold.after.before = hold.before;
    }
  }

  List<Hold> forgotten(long nowNanos) {
    List<Hold> forgotten = new ArrayList<>();
    for (Part part : parts) {
      synchronized (part) {
        Hold first = part.any;
        Hold hold = first;
        while (hold != null) {
          if (hold.isForgotten(nowNanos)) {
            forgotten.add(hold);
          }
          hold = hold.after == first ? null : hold.after;
        }
      }
    }
    return forgotten;
  }
}
