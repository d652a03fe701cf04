package app.avalo.gateway.filter.budget.abuse;

import app.avalo.gateway.config.BudgetConfig.Abuse;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What users and API keys spent of one budget in the hour under way, and who is paused for spending
 * far more than the others. When there are too many, those at or below the mean are forgotten: who
 * matters stays, and the others seem to spend more, which spares everybody. Safe from every thread.
 */
public final class Spenders {
  private static final long HOUR_MILLIS = 3_600_000;
  private static final int MOST = 4096;
  private static final int MOST_PAUSED = 1000;

  /** With fewer others nobody can say what is usual. */
  private static final int PEERS = 10;

  private final Map<String, long[]> spent = new HashMap<>(); // guarded by this, as all below
  private final Map<String, Paused> paused = new LinkedHashMap<>();
  private final Map<String, Long> spared = new LinkedHashMap<>(); // by operators, until when
  private long sum;
  private long pauses;
  private long hour = -1;
  private volatile boolean any; // whether somebody may be paused

  /**
   * A user or API key that is refused.
   *
   * @param spender as the credential says, the two told apart: {@code u=alice}, {@code k=shop}
   * @param spentMicros in the hour in which it was found
   * @param usualMicros what others spent on average
   * @param untilMillis milliseconds since 1970
   */
  public record Paused(String spender, long spentMicros, long usualMicros, long untilMillis) {}

  /**
   * Takes in what a request cost.
   *
   * @return its spender, if that is paused from now on, or null
   */
  public synchronized @Nullable Paused spent(
      Abuse abuse, String spender, long micros, long nowMillis) {
    if (micros == 0) {
      return null; // who spends nothing is no peer, and says nothing of what is usual
    }
    long now = nowMillis / HOUR_MILLIS;
    if (now > hour || now < hour - 1) { // one that took long may come late; a clock set back later
      if (now < hour) { // pauses made ahead would outlast their time
        paused.clear();
        spared.clear();
        any = false;
      }
      hour = now;
      sum = 0;
      spent.clear();
    }
    if (spent.size() >= MOST && !spent.containsKey(spender)) {
      forget();
    }
    long[] own = spent.computeIfAbsent(spender, first -> new long[1]);
    own[0] += micros;
    sum += micros;
    int others = spent.size() - 1;
    if (own[0] < abuse.least() || others < PEERS) {
      return null;
    }
    long usual = (sum - own[0]) / others;
    boolean far = own[0] / abuse.over() > usual;
    if (!far
        || pausedUntil(spender, nowMillis) > 0
        || spared.getOrDefault(spender, 0L) > nowMillis) {
      return null;
    }
    Paused found = new Paused(spender, own[0], usual, nowMillis + abuse.pause().toMillis());
    pause(found);
    return found;
  }

  /** Makes room for a good number, so that newcomers do not each cost a look at all. */
  private void forget() {
    while (spent.size() > MOST - MOST / 8) {
      long mean = sum / spent.size();
      spent.values().removeIf(own -> own[0] <= mean);
      sum = 0;
      for (long[] own : spent.values()) {
        sum += own[0];
      }
    }
  }

  private void pause(Paused found) {
    bound(paused);
    paused.put(found.spender(), found);
    pauses++;
    any = true;
  }

  /** How often a user was paused. */
  public synchronized long pauses() {
    return pauses;
  }

  private static void bound(Map<String, ?> map) {
    if (map.size() >= MOST_PAUSED) {
      map.remove(map.keySet().iterator().next());
    }
  }

  synchronized int known() {
    return spent.size();
  }

  /** Until when a spender is refused, or 0. */
  public long pausedUntil(String spender, long nowMillis) {
    return any ? lookUp(spender, nowMillis) : 0;
  }

  private synchronized long lookUp(String spender, long nowMillis) {
    Paused found = paused.get(spender);
    if (found != null && found.untilMillis() <= nowMillis) {
      paused.remove(spender);
      any = !paused.isEmpty();
      found = null;
    }
    return found == null ? 0 : found.untilMillis();
  }

  /** Who is refused now. */
  public synchronized List<Paused> paused(long nowMillis) {
    paused.values().removeIf(each -> each.untilMillis() <= nowMillis);
    any = !paused.isEmpty();
    return List.copyOf(paused.values());
  }

  /**
   * Lets a spender go on, and spares it as long as it would have been refused.
   *
   * @return whether it was refused
   */
  public synchronized boolean release(String spender) {
    Paused found = paused.remove(spender);
    if (found != null) {
      bound(spared);
      spared.put(spender, found.untilMillis());
    }
    return found != null;
  }
}
