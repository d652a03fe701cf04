package app.avalo.gateway.admin;

import app.avalo.gateway.admin.api.LoopView;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLongArray;

/** Knows whether the event loops turn: each is given a trivial task every second. */
final class Pulse {
  static final Duration EVERY = Duration.ofSeconds(1);
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Ticker ticker;
  private final Timers timers;
  private final List<String> names = new ArrayList<>();
  private final List<Executor> loops = new ArrayList<>();
  private final AtomicLongArray answeredNanos;

  Pulse(Ticker ticker, Timers timers, Executor control, List<LoopView> serving) {
    this.ticker = ticker;
    this.timers = timers;
    names.add("control");
    loops.add(control);
    for (int i = 0; i < serving.size(); i++) {
      names.add("loop " + i);
      loops.add(serving.get(i).executor());
    }
    answeredNanos = new AtomicLongArray(loops.size());
    for (int i = 0; i < loops.size(); i++) {
      answeredNanos.set(i, ticker.nanos());
    }
  }

  /** Begins; goes on for as long as the timers do. */
  void beat() {
    for (int i = 0; i < loops.size(); i++) {
      int loop = i;
      loops.get(i).execute(() -> answeredNanos.set(loop, ticker.nanos()));
    }
    timers.after(EVERY, this::beat);
  }

  /** Names of loops that have not answered within five seconds. */
  List<String> stuck() {
    List<String> stuck = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      if (ticker.nanos() - answeredNanos.get(i) > PATIENCE.toNanos()) {
        stuck.add(names.get(i));
      }
    }
    return stuck;
  }
}
