package app.avalo.gateway.filter.budget.term;

import app.avalo.gateway.filter.budget.pace.Forecast;
import app.avalo.gateway.filter.budget.pace.Pacer;
import app.avalo.gateway.filter.budget.pace.Tally;
import app.avalo.gateway.filter.budget.view.Level;
import app.avalo.gateway.filter.budget.view.Notice;
import app.avalo.gateway.filter.budget.view.Notice.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What operators were told of a period, and what they are still to be told. Safe from every thread.
 *
 * <p>What is told from here is open until operators have it, and then until the store knows that.
 */
public final class Telling {
  /** Of what the usual course would have spent, at which operators are told. */
  private static final double OVER_PLAN = 1.2;

  private final Set<String> told = new HashSet<>(); // keys of notices
  private final Set<String> open = new HashSet<>(); // of them: nobody knows that operators have it
  private final Set<String> unstated = new LinkedHashSet<>(); // of them: the store does not
  private int toldLevel; // highest of them
  private Set<String> seen = Set.of(); // keys of notices that are due, but for levels

  /** Looks at what may be due besides levels. */
  public void look(Pacer pacer, Span span, long nowMillis, Tally tally) {
    if (pacer.experienced()) {
      notice(forecast(pacer, span, nowMillis, tally));
    }
  }

  private static Set<String> forecast(Pacer pacer, Span span, long nowMillis, Tally tally) {
    Set<String> keys = new LinkedHashSet<>();
    Forecast forecast = pacer.forecast(span.startMillis(), nowMillis, span.endMillis(), tally);
    if (forecast.spent() > tally.amount()) {
      keys.add(Notice.of(Kind.FORECAST).key());
    }
    double usual = tally.amount() * forecast.course();
    if (tally.total() > OVER_PLAN * usual && tally.total() > tally.amount() / 10) {
      keys.add(Notice.of(Kind.OVER_PLAN).key());
    }
    long strange = pacer.strangeHour();
    if (strange >= span.startMillis()) {
      keys.add(Notice.daily(Kind.ANOMALY, strange).key());
    }
    return keys;
  }

  /** What is due besides levels, as far as it is known now. */
  private synchronized void notice(Set<String> keys) {
    keys.removeAll(told);
    seen = keys;
  }

  public synchronized boolean hasNews(int level) {
    return !seen.isEmpty() || level > toldLevel;
  }

  /** Keys of what is due at this level and was not told before. */
  public synchronized Set<String> due(int level) {
    Set<String> due = new LinkedHashSet<>();
    for (int n = Level.ALERT.ordinal(); n <= level; n++) {
      due.add(Notice.of(Level.values()[n]).key());
    }
    due.addAll(seen);
    due.removeAll(told);
    return due;
  }

  /** Those of these keys that were not told before, in their order; from now on they are. */
  public synchronized List<String> tell(Collection<String> keys) {
    List<String> news = know(keys);
    open.addAll(news);
    return news;
  }

  /** Operators have what has this key. */
  public synchronized void have(String key) {
    open.remove(key);
    unstated.add(key);
  }

  /** They had these from an earlier process. */
  synchronized void had(Collection<String> keys) {
    know(keys).forEach(this::have);
  }

  /** They have them from others. */
  public synchronized void haveFromOthers(Collection<String> keys) {
    know(keys);
  }

  /** What the store is to know that operators have. */
  public synchronized List<String> unstated() {
    return List.copyOf(unstated);
  }

  /** It knows. */
  public synchronized void stated(Collection<String> keys) {
    unstated.removeAll(keys);
  }

  /** Whether operators have all that is due at this level, and the store knows it. */
  public synchronized boolean isOver(int level) {
    return open.isEmpty() && unstated.isEmpty() && due(level).isEmpty();
  }

  private List<String> know(Collection<String> keys) {
    List<String> news = new ArrayList<>();
    for (String key : keys) {
      if (told.add(key)) {
        news.add(key);
        toldLevel = Math.max(toldLevel, Notice.ofKey(key).level());
      }
    }
    notice(new LinkedHashSet<>(seen));
    return news;
  }
}
