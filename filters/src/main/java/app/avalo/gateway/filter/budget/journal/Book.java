package app.avalo.gateway.filter.budget.journal;

import app.avalo.gateway.filter.budget.journal.Entry.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the lines of a ledger add up to: the state machine behind recovery and snapshots. A line
 * that was seen before changes nothing, as far as its kind has an id. Confined to one thread.
 */
final class Book {
  /** Periods kept per budget: the running one, and the one before for holds that outlived it. */
  private static final int TERMS = 2;

  private static final int SUBJECTS = 1024;

  /** Before the value in the name of a purse. */
  private static final char PURSE = '@';

  /** Hours kept per budget: four weeks of three standings. */
  private static final int HOURS = 28 * 24 * 3;

  /** What the levels of earlier releases are called now. */
  private static final List<String> LEVELS = List.of("alert", "throttle", "critical", "exhausted");

  private final Map<String, LinkedHashMap<String, Sheet>> sheets = new LinkedHashMap<>();
  private final Map<String, LinkedHashMap<String, Entry>> hours = new LinkedHashMap<>();
  private final Map<Key, Entry> open = new LinkedHashMap<>();
  private final Map<String, String[]> labels = new HashMap<>(); // of subjects, some
  private final Map<Long, Mark> marks = new LinkedHashMap<>(); // by counter
  private long counter; // of the highest number
  private long sequence;

  /** How much of a counter is charged. */
  private record Mark(long version, long micros) {
    static long counter(Entry entry) {
      return Long.parseLong(entry.id(), 0, entry.id().indexOf(':'), 10);
    }

    static Mark of(Entry entry) {
      String id = entry.id();
      return new Mark(Long.parseLong(id.substring(id.indexOf(':') + 1)), entry.micros());
    }

    Entry entry(long counter) {
      return new Entry(Kind.MARK, counter + ":" + version, "", "", "", micros);
    }
  }

  /**
   * Takes in a line, unless it or a later one is known; those of earlier releases have no place.
   */
  void apply(Entry.Line line) {
    if (line.sequence() == 0 || line.sequence() > sequence) {
      sequence = Math.max(sequence, line.sequence());
      apply(line.entry());
    }
  }

  /** Of the last line that it holds. */
  long sequence() {
    return sequence;
  }

  void apply(Entry entry) {
    switch (entry.kind()) {
      case COUNTER -> count(entry);
      case MARK -> mark(entry, Mark.of(entry));
      case RESERVE -> open.putIfAbsent(key(entry), entry);
      case EXTEND -> open.computeIfPresent(key(entry), (key, hold) -> entry);
      case SETTLE -> {
        if (open.remove(key(entry)) != null) {
          charge(entry, entry.micros());
        }
      }
      case ADJUST, IMPORT, RAISE -> sheet(entry).corrections.putIfAbsent(entry.id(), entry);
      case LEVEL -> levels(entry);
      case TOLD -> sheet(entry).told.add(entry.id());
      case HOUR -> hour(entry);
      case ORDER -> sheet(entry).orders.put(entry.id(), entry);
      case ADD, TOTAL -> charge(entry, entry.micros());
      case COUNT, END -> {}
    }
  }

  /** What a counter moved by since it was charged last; a state that is known changes nothing. */
  private void count(Entry entry) {
    Mark next = Mark.of(entry);
    Mark last = marks.get(Mark.counter(entry));
    if (last == null || next.version() > last.version()) {
      charge(entry, next.micros() - (last == null ? 0 : last.micros()));
      mark(entry, next);
    }
  }

  private void mark(Entry entry, Mark mark) {
    long number = Mark.counter(entry);
    marks.put(number, mark);
    counter = Math.max(counter, number);
  }

  /** No counter had a higher number. */
  long lastCounter() {
    return counter;
  }

  /** These counters move no more, and nothing says so again. */
  void forget(Collection<Long> counters) {
    marks.keySet().removeAll(counters);
  }

  /** Likewise all of an earlier process. */
  void forgetCounters() {
    marks.clear();
  }

  private void charge(Entry entry, long micros) {
    Map<String, Long> totals = sheet(entry).totals;
    for (String label : labels(entry.subject())) {
      totals.merge(label, micros, Long::sum);
    }
  }

  /** Remembered, because most of many lines have one of few subjects. */
  private String[] labels(String subject) {
    if (labels.size() >= SUBJECTS) {
      labels.clear();
    }
    return labels.computeIfAbsent(subject, Book::split);
  }

  private static String[] split(String subject) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    for (int to = subject.indexOf('|'); to >= 0; to = subject.indexOf('|', from)) {
      parts.add(subject.substring(from, to));
      from = to + 1;
    }
    parts.add(subject.substring(from));
    return parts.toArray(String[]::new);
  }

  /** A level counts with all below it. */
  private void levels(Entry entry) {
    sheet(entry)
        .told
        .addAll(LEVELS.subList(0, (int) Math.max(0, Math.min(LEVELS.size(), entry.micros()))));
  }

  private void hour(Entry entry) {
    LinkedHashMap<String, Entry> kept =
        hours.computeIfAbsent(entry.budget(), budget -> new LinkedHashMap<>());
    kept.putIfAbsent(entry.id() + entry.subject(), entry);
    if (kept.size() > HOURS) {
      kept.remove(kept.keySet().iterator().next());
    }
  }

  /** By budget, oldest first. */
  Map<String, List<Entry>> hours() {
    Map<String, List<Entry>> copy = new LinkedHashMap<>();
    hours.forEach((budget, kept) -> copy.put(budget, List.copyOf(kept.values())));
    return copy;
  }

  /** A hold in one of its budgets. */
  private record Key(String id, String budget) {}

  private static Key key(Entry entry) {
    return new Key(entry.id(), entry.budget());
  }

  private Sheet sheet(Entry entry) {
    return sheets
        .computeIfAbsent(entry.budget(), budget -> new LinkedHashMap<>())
        .computeIfAbsent(entry.term(), term -> new Sheet());
  }

  @Nullable Sheet sheet(String budget, String term) {
    Map<String, Sheet> terms = sheets.get(budget);
    return terms == null ? null : terms.get(term);
  }

  /** Charges every hold that was not settled at what was reserved; returns how many. */
  int chargeOpen() {
    List<Entry> holds = List.copyOf(open.values());
    for (Entry hold : holds) {
      apply(
          new Entry(
              Kind.SETTLE, hold.id(), hold.budget(), hold.term(), hold.subject(), hold.micros()));
    }
    return holds.size();
  }

  /** Lines that rebuild this book from nothing. Drops periods that nobody asks for any more. */
  List<Entry> snapshot() {
    List<Entry> lines = new ArrayList<>();
    forgetPurses();
    sheets.forEach(
        (budget, terms) -> {
          List<String> keys = terms.keySet().stream().sorted().toList(); // by time
          terms.keySet().removeAll(keys.subList(0, Math.max(0, keys.size() - TERMS)));
          terms.forEach((term, sheet) -> write(lines, budget, term, sheet));
        });
    hours.values().forEach(kept -> lines.addAll(kept.values()));
    marks.forEach((counter, mark) -> lines.add(mark.entry(counter)));
    lines.add(new Entry(Kind.END, "", "", "", "", lines.size()));
    return lines;
  }

  /** Of budgets that each caller has for itself only the period counts in which any was used. */
  private void forgetPurses() {
    Map<String, String> newest = new LinkedHashMap<>();
    sheets.forEach(
        (budget, terms) -> {
          int at = budget.indexOf(PURSE);
          if (at >= 0) {
            newest.merge(budget.substring(0, at), last(terms), Book::later);
          }
        });
    sheets
        .entrySet()
        .removeIf(
            each -> {
              int at = each.getKey().indexOf(PURSE);
              return at >= 0
                  && !last(each.getValue()).equals(newest.get(each.getKey().substring(0, at)));
            });
  }

  private static String last(Map<String, Sheet> terms) {
    return terms.keySet().stream().reduce("", Book::later);
  }

  private static String later(String a, String b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  private static void write(List<Entry> lines, String budget, String term, Sheet sheet) {
    sheet.totals.forEach(
        (service, micros) -> lines.add(new Entry(Kind.TOTAL, "", budget, term, service, micros)));
    sheet.told.forEach(key -> lines.add(new Entry(Kind.TOLD, key, budget, term, "", 0)));
    lines.addAll(sheet.corrections.values());
    lines.addAll(sheet.orders.values());
  }

  /** A copy that the writer no longer touches, sheets by budget and term. */
  Map<String, Map<String, Sheet>> copy() {
    Map<String, Map<String, Sheet>> copy = new LinkedHashMap<>();
    sheets.forEach(
        (budget, terms) -> {
          Map<String, Sheet> copied = new LinkedHashMap<>();
          terms.forEach((term, sheet) -> copied.put(term, new Sheet(sheet)));
          copy.put(budget, copied);
        });
    return copy;
  }
}
