package app.avalo.gateway.filter.redis;

import app.avalo.gateway.filter.time.Ticker;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * What Redis refuses, so that it is told once in ten seconds for each script and kind of error and
 * not for each call: a full Redis refuses every one. One event loop.
 */
final class Refusals {
  private static final long EVERY_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int MOST = 100; // kinds; a script may say what it likes

  private final Ticker ticker;
  private final Map<String, Kind> kinds = new HashMap<>();

  Refusals(Ticker ticker) {
    this.ticker = ticker;
  }

  int kinds() {
    return kinds.size();
  }

  private static final class Kind {
    final long untoldNanos; // until then
    long untold;

    Kind(long untoldNanos) {
      this.untoldNanos = untoldNanos;
    }
  }

  /**
   * One more; says whether to tell of it.
   *
   * @return how many like it were not told since the last one, or -1 when it is not to be told
   */
  long untold(String script, String message) {
    int blank = message.indexOf(' ');
    String kind = script + " " + (blank < 0 ? message : message.substring(0, blank));
    long now = ticker.nanos();
    Kind known = kinds.get(kind);
    if (known != null && now - known.untoldNanos < 0) {
      known.untold++;
      return -1;
    }
    if (kinds.size() >= MOST) {
      kinds.clear();
    }
    kinds.put(kind, new Kind(now + EVERY_NANOS));
    return known == null ? 0 : known.untold;
  }
}
