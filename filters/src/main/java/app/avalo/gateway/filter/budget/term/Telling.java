package app.avalo.gateway.filter.budget.term;

import app.avalo.gateway.filter.budget.view.Level;
import app.avalo.gateway.filter.budget.view.Notice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What operators were told of a period, and what they are still to be told. Safe from every thread.
 */
public final class Telling {
  private final Set<String> told = new HashSet<>(); // keys of notices
  private int toldLevel; // highest of them
  private Set<String> seen = Set.of(); // keys of notices that are due, but for levels

  /** What is due besides levels, as far as it is known now. */
  public synchronized void notice(Set<String> keys) {
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
