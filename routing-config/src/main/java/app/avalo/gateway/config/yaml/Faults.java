package app.avalo.gateway.config.yaml;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Collects faults; keeps the first of each value, so that one mistake gives one message. */
public final class Faults {
  /** More than anybody repairs before the next try; bounds what a hostile file can cost. */
  private static final int MOST = 500;

  private final List<Fault> faults = new ArrayList<>();
  private final Set<String> places = new HashSet<>();

  /** Adds a fault unless its value already has one. */
  public void add(Mark mark, String path, String problem) {
    if (faults.size() < MOST && places.add(place(mark, path))) {
      faults.add(new Fault(mark.source().name(), mark.line(), mark.column(), path, problem));
    }
  }

  /** Adds {@code value (expected ...)} for a value unless it already has a fault. */
  public void unexpected(Node node, String expected) {
    add(node.mark(), node.path(), node.shown() + " (expected " + expected + ")");
  }

  /** Whether this value already has a fault. */
  public boolean has(Node node) {
    return places.contains(place(node.mark(), node.path()));
  }

  public boolean isEmpty() {
    return faults.isEmpty();
  }

  /** All faults by file, line and column. */
  public List<Fault> sorted() {
    return faults.stream()
        .sorted(
            Comparator.comparing(Fault::file)
                .thenComparing(Fault::line)
                .thenComparing(Fault::column)
                .thenComparing(Fault::path))
        .toList();
  }

  private static String place(Mark mark, String path) {
    return mark.source().name() + ':' + mark.line() + ':' + mark.column() + ':' + path;
  }
}
