package app.avalo.gateway.config.load;

import app.avalo.gateway.config.yaml.Faults;
import app.avalo.gateway.config.yaml.Mark;
import app.avalo.gateway.config.yaml.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Several files as one tree. Lists and maps of named things may be spread over files, so that each
 * team keeps its own; every other key belongs to one file. Values keep the path of their own file.
 */
final class Merge {
  private static final Set<String> SPREAD =
      Set.of("listeners", "regions", "services", "routes", "limits", "budgets", "units");

  private Merge() {}

  static Node.Mapping of(List<Node.Mapping> trees, Faults faults) {
    Map<String, Node.Entry> merged = new LinkedHashMap<>();
    for (Node.Mapping tree : trees) {
      tree.entries()
          .forEach(
              (key, entry) -> {
                Node.Entry first = merged.putIfAbsent(key, entry);
                if (first != null) {
                  merged.put(key, join(key, first, entry, faults));
                }
              });
    }
    return new Node.Mapping(trees.get(0).mark(), "", merged);
  }

  private static Node.Entry join(String key, Node.Entry first, Node.Entry second, Faults faults) {
    Node one = first.value();
    Node two = second.value();
    if (SPREAD.contains(key)) {
      if (one instanceof Node.Sequence a && two instanceof Node.Sequence b) {
        List<Node> items = new ArrayList<>(a.items());
        items.addAll(b.items());
        return new Node.Entry(first.key(), new Node.Sequence(a.mark(), a.path(), items));
      }
      if (one instanceof Node.Mapping a && two instanceof Node.Mapping b) {
        Map<String, Node.Entry> entries = new LinkedHashMap<>(a.entries());
        b.entries()
            .forEach(
                (name, entry) -> {
                  Node.Entry known = entries.putIfAbsent(name, entry);
                  if (known != null) {
                    twice(b.at(name), known.key(), entry.key(), faults);
                  }
                });
        return new Node.Entry(first.key(), new Node.Mapping(a.mark(), a.path(), entries));
      }
    }
    twice(key, first.key(), second.key(), faults);
    return first;
  }

  private static void twice(String path, Mark first, Mark second, Faults faults) {
    String where = first.source().name() + ":" + first.line();
    faults.add(second, path, "a second time (expected once, first in " + where + ")");
  }
}
