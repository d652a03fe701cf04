package app.avalo.gateway.filter.budget.journal;

import app.avalo.gateway.filter.budget.journal.Entry.Kind;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the lines of a ledger add up to: the state machine behind recovery and snapshots. A line
 * that was seen before changes nothing, as far as its kind has an id. Confined to one thread.
 */
final class Book {
  private static final int SUBJECTS = 1024;

  /** Characters of a month, {@code 2026-11}. */
  private static final int MONTH = 7;

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
  private final Map<String, Long> forgotten = new HashMap<>(); // budgets: their last counters
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
      case FORGET -> {
        sheets.remove(entry.budget());
        forgotten.put(entry.budget(), entry.micros());
        counter = Math.max(counter, entry.micros());
      }
      case ADD, TOTAL -> charge(entry, entry.micros());
      case COUNT, END -> {}
    }
  }

  /** What a counter moved by since it was charged last; a state that is known changes nothing. */
  private void count(Entry entry) {
    Mark next = Mark.of(entry);
    Mark last = marks.get(Mark.counter(entry));
    if (last == null || next.version() > last.version()) {
      if (Mark.counter(entry) > forgotten.getOrDefault(entry.budget(), 0L)) {
        charge(entry, next.micros() - (last == null ? 0 : last.micros()));
      }
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

  /** These counters move no more, and nothing says so again; all of forgotten budgets are among. */
  void forget(Collection<Long> counters) {
    marks.keySet().removeAll(counters);
    forgotten.clear();
  }

  /** Likewise all of an earlier process. */
  void forgetCounters() {
    forget(List.copyOf(marks.keySet()));
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
          terms.keySet().retainAll(kept(terms.keySet()));
          terms.forEach((term, sheet) -> write(lines, budget, term, sheet));
        });
    hours.values().forEach(kept -> lines.addAll(kept.values()));
    marks.forEach((counter, mark) -> lines.add(mark.entry(counter)));
    lines.add(new Entry(Kind.END, "", "", "", "", lines.size()));
    return lines;
  }

  /**
   * Those of a budget's periods that may not have ended when the latest began, of which a change of
   * configuration leaves several; and the last one that had, for holds that outlived it.
   */
  private static Set<String> kept(Collection<String> terms) {
    String now = now(terms);
    Set<String> kept = new HashSet<>();
    String last = "";
    for (String term : terms) {
      if (end(term).compareTo(now) > 0) {
        kept.add(term);
      } else if (last.isEmpty() || end(term).compareTo(end(last)) > 0) {
        last = term;
      }
    }
    kept.add(last);
    return kept;
  }

  /** The first day of the latest of these periods; today is no earlier. */
  private static String now(Collection<String> terms) {
    return terms.stream().map(Book::start).reduce("", Book::later);
  }

  private static String later(String a, String b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  /** First day of a period, {@code 2026-11-01} of {@code 2026-11.PLN}. */
  private static String start(String term) {
    String date = term.substring(0, Math.max(0, term.indexOf('.')));
    return date.length() == MONTH ? date + "-01" : date;
  }

  /** First day after it, or after all, of a key that is none. */
  private static String end(String term) {
    try {
      LocalDate start = LocalDate.parse(start(term));
      boolean monthly = term.indexOf('.') == MONTH;
      return (monthly ? start.plusMonths(1) : start.plusDays(1)).toString();
    } catch (DateTimeParseException foreign) {
      return "";
    }
  }

  /**
   * Of budgets that each caller has for itself only those count that were used in a late period.
   */
  private void forgetPurses() {
    Map<String, Set<String>> of = new LinkedHashMap<>();
    sheets.forEach(
        (budget, terms) -> {
          if (isPurse(budget)) {
            of.computeIfAbsent(common(budget), first -> new HashSet<>()).addAll(terms.keySet());
          }
        });
    Map<String, String> now = new LinkedHashMap<>();
    of.forEach((budget, terms) -> now.put(budget, now(terms)));
    sheets
        .entrySet()
        .removeIf(
            each ->
                isPurse(each.getKey())
                    && each.getValue().keySet().stream()
                        .allMatch(
                            term -> end(term).compareTo(now.get(common(each.getKey()))) <= 0));
  }

  private static boolean isPurse(String budget) {
    return budget.indexOf(PURSE) >= 0;
  }

  /** The name of the budget of which it is a purse. */
  private static String common(String budget) {
    return budget.substring(0, budget.indexOf(PURSE));
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
