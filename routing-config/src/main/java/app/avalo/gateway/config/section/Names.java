package app.avalo.gateway.config.section;

import app.avalo.gateway.config.yaml.Faults;
import app.avalo.gateway.config.yaml.Mark;
import app.avalo.gateway.config.yaml.Node;
import app.avalo.gateway.config.yaml.Spelling;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a configuration names, collected before anything is bound, so that a reference is checked
 * even where the thing it names has faults.
 *
 * @param regions names of regions
 * @param services names of services
 * @param routes names of routes
 * @param limits names of limits
 * @param budgets names of budgets
 */
public record Names(
    Set<String> regions,
    Set<String> services,
    Set<String> routes,
    Set<String> limits,
    Set<String> budgets) {

  public static Names of(Section root) {
    Set<String> routes = new LinkedHashSet<>();
    for (Section route : root.sections("routes")) {
      if (route.node("name") instanceof Node.Scalar name) {
        routes.add(name.value());
      }
    }
    return new Names(
        root.entries("regions").keySet(),
        root.entries("services").keySet(),
        routes,
        root.entries("limits").keySet(),
        root.entries("budgets").keySet());
  }

  /**
   * The names in a list that refer to something; each of the others, and each repetition, is a
   * fault.
   */
  public static List<String> references(
      Section section, String key, String noun, Set<String> known) {
    List<String> names = new ArrayList<>();
    for (Node item : section.list(key)) {
      String name = Section.scalar(item, text -> text, noun, section.faults());
      if (name == null) {
        continue;
      }
      if (names.contains(name)) {
        section.faults().unexpected(item, "each " + noun + " once");
      } else if (known(item.mark(), item.path(), name, noun, known, section.faults())) {
        names.add(name);
      }
    }
    return List.copyOf(names);
  }

  /** Whether the name refers to something; a fault if not. */
  public static boolean known(
      Mark mark, String path, String name, String noun, Set<String> known, Faults faults) {
    if (!known.contains(name)) {
      faults.add(mark, path, name + ": no such " + noun + " (" + Spelling.hint(name, known) + ")");
    }
    return known.contains(name);
  }

  /** Reports every value that appears a second time among the values of one key. */
  public static void unique(List<Section> sections, String key, String noun) {
    Map<String, Mark> seen = new HashMap<>();
    for (Section section : sections) {
      if (section.node(key) instanceof Node.Scalar scalar) {
        Mark first = seen.putIfAbsent(scalar.value(), scalar.mark());
        if (first != null) {
          section.unexpected(key, "a " + noun + " of its own, first in line " + first.line());
        }
      }
    }
  }
}
