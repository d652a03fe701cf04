package app.avalo.gateway.filter.budget.journal;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Where the ledger's entries go. Safe from every thread; appending never waits. */
public interface Journal {
  /** Keeps nothing: the ledger ends with the process. */
  Journal NONE =
      new Journal() {
        @Override
        public void append(Entry entry) {}

        @Override
        public Counter counter(String budget, String term, String label) {
          return Counter.FORGOTTEN;
        }

        @Override
        public void forget(String budget) {}

        @Override
        public Map<String, Map<String, Sheet>> recovered() {
          return Map.of();
        }

        @Override
        public List<Entry> hours(String budget) {
          return List.of();
        }

        @Override
        public CompletableFuture<Void> flush() {
          return CompletableFuture.completedFuture(null);
        }
      };

  /**
   * Takes an entry. It survives the end of the process, however it ends; that of the machine once a
   * later flush completes.
   */
  void append(Entry entry);

  /**
   * A counter of the money that this process spends of a budget and period, by a service or another
   * label; it begins at zero, whatever was spent before.
   */
  Counter counter(String budget, String term, String label);

  /**
   * Keeps nothing of a budget any more, because the store that replicas share knows all of it. Its
   * counters must have ended.
   */
  void forget(String budget);

  /** What was on disk when the process started, by budget and period. */
  Map<String, Map<String, Sheet>> recovered();

  /** Likewise for this budget and period, or null. */
  default @Nullable Sheet recovered(String budget, String term) {
    Map<String, Sheet> terms = recovered().get(budget);
    return terms == null ? null : terms.get(term);
  }

  /** What was asked for by the hour, oldest first, when the process started; four weeks at most. */
  List<Entry> hours(String budget);

  /** Completes when everything appended before is on disk, or fails with the disk's fault. */
  CompletableFuture<Void> flush();

  /**
   * Whether the disk, or what writes to it, fails: until that ends a crash of the machine loses.
   */
  default boolean failing() {
    return false;
  }
}
