package app.avalo.gateway.config.yaml;

import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;
import org.snakeyaml.engine.v2.schema.Schema;

/** Reads the bytes of one file into a tree. */
public final class TreeReader {
  /** Largest file. */
  public static final int BYTES = 1024 * 1024;

  private static final int DEPTH = 24;
  private static final int VALUES = 100_000;
  private static final int ALIASES = 100;
  private static final Schema CORE = new CoreSchema();

  private final Source source;
  private final Placeholders placeholders;
  private final Faults faults;
  private int values;

  private TreeReader(Source source, Placeholders placeholders, Faults faults) {
    this.source = source;
    this.placeholders = placeholders;
    this.faults = faults;
  }

  /** The file's mapping; an empty one, and faults, if it cannot be read. */
  public static Node.Mapping read(
      Source source, byte[] bytes, Placeholders placeholders, Faults faults) {
    Mark start = new Mark(source, 1, 1);
    Node.Mapping empty = new Node.Mapping(start, "", Map.of());
    if (bytes.length > BYTES) {
      faults.add(start, "", bytes.length + " bytes (expected at most 1 MiB)");
      return empty;
    }
    try {
      String text = Placeholders.decode(bytes);
      return new TreeReader(source, placeholders, faults).document(text, empty);
    } catch (CharacterCodingException broken) {
      faults.add(start, "", "broken characters (expected UTF-8)");
    } catch (MarkedYamlEngineException broken) {
      Mark mark = broken.getProblemMark().map(m -> mark(source, m)).orElse(start);
      faults.add(mark, "", "not YAML: " + oneLine(broken.getProblem()));
    } catch (TooMuch broken) {
      faults.add(start, "", String.valueOf(broken.getMessage()));
    } catch (YamlEngineException broken) {
      faults.add(start, "", "not YAML: " + oneLine(String.valueOf(broken.getMessage())));
    }
    return empty;
  }

  private Node.Mapping document(String text, Node.Mapping empty) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(source.name())
            .setUseMarks(true)
            .setSchema(CORE)
            .setCodePointLimit(BYTES)
            .setAllowNonScalarKeys(true)
            .setMaxAliasesForCollections(ALIASES)
            .build();
    if (isTooDeep(text, settings)) {
      return empty;
    }
    Iterator<org.snakeyaml.engine.v2.nodes.Node> documents =
        new Compose(settings).composeAllFromString(text).iterator();
    if (!documents.hasNext()) {
      return empty;
    }
    Node root = node(documents.next(), "", 0);
    if (documents.hasNext()) {
      Mark second = mark(documents.next());
      faults.add(second, "", "a second document (expected one per file)");
    }
    if (root instanceof Node.Mapping mapping) {
      return mapping;
    }
    if (!(root instanceof Node.Scalar scalar && scalar.kind() == Node.Kind.NOTHING)) {
      faults.unexpected(root, "a mapping of keys such as listeners and routes");
    }
    return empty;
  }

  /** Composing goes one call deeper with each level, parsing does not: so this comes first. */
  private boolean isTooDeep(String text, LoadSettings settings) {
    int depth = 0;
    for (Event event : new Parse(settings).parseString(text)) {
      switch (event.getEventId()) {
        case SequenceStart, MappingStart -> depth++;
        case SequenceEnd, MappingEnd -> depth--;
        default -> {}
      }
      if (depth > DEPTH + 1) {
        Mark mark = event.getStartMark().map(m -> mark(source, m)).orElse(new Mark(source, 1, 1));
        faults.add(mark, "", "nested deeper than " + DEPTH + " levels (expected fewer)");
        return true;
      }
    }
    return false;
  }

  private Node node(org.snakeyaml.engine.v2.nodes.Node from, String path, int depth) {
    if (depth > DEPTH) {
      throw new TooMuch("nested deeper than " + DEPTH + " levels (expected fewer)");
    }
    if (++values > VALUES) {
      throw new TooMuch("more than " + VALUES + " values (expected fewer)");
    }
    if (from instanceof MappingNode mapping) {
      return mapping(mapping, path, depth);
    }
    if (from instanceof SequenceNode sequence) {
      List<Node> items = new ArrayList<>();
      for (var item : sequence.getValue()) {
        items.add(node(item, path + "[" + items.size() + "]", depth + 1));
      }
      return new Node.Sequence(mark(from), path, items);
    }
    return scalar((ScalarNode) from, path);
  }

  private Node.Mapping mapping(MappingNode from, String path, int depth) {
    Map<String, Node.Entry> entries = new LinkedHashMap<>();
    Node.Mapping mapping = new Node.Mapping(mark(from), path, entries);
    for (NodeTuple tuple : from.getValue()) {
      Mark key = mark(tuple.getKeyNode());
      if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
        faults.add(key, path, "a key that is not a single value (expected a name)");
        continue;
      }
      String at = mapping.at(name.getValue());
      if (entries.containsKey(name.getValue())) {
        int first = entries.get(name.getValue()).key().line();
        faults.add(key, at, "a second time (expected once, first in line " + first + ")");
        continue;
      }
      entries.put(name.getValue(), new Node.Entry(key, node(tuple.getValueNode(), at, depth + 1)));
    }
    return mapping;
  }

  private Node.Scalar scalar(ScalarNode from, String path) {
    Mark mark = mark(from);
    String raw = from.getValue();
    if (!raw.contains("${")) {
      return new Node.Scalar(mark, path, raw, raw, kind(from.getTag()));
    }
    String value = placeholders.resolve(raw, mark, path, faults);
    if (value == null) {
      return new Node.Scalar(mark, path, raw, raw, Node.Kind.TEXT);
    }
    Tag tag = from.isPlain() ? CORE.getScalarResolver().resolve(value, true) : Tag.STR;
    return new Node.Scalar(mark, path, raw, value, kind(tag));
  }

  private static Node.Kind kind(Tag tag) {
    if (tag.equals(Tag.INT)) {
      return Node.Kind.WHOLE;
    }
    if (tag.equals(Tag.FLOAT)) {
      return Node.Kind.DECIMAL;
    }
    if (tag.equals(Tag.BOOL)) {
      return Node.Kind.BOOLEAN;
    }
    return tag.equals(Tag.NULL) ? Node.Kind.NOTHING : Node.Kind.TEXT;
  }

  private Mark mark(org.snakeyaml.engine.v2.nodes.Node node) {
    Optional<org.snakeyaml.engine.v2.exceptions.Mark> mark = node.getStartMark();
    return mark.map(m -> mark(source, m)).orElseGet(() -> new Mark(source, 1, 1));
  }

  private static Mark mark(Source source, org.snakeyaml.engine.v2.exceptions.Mark mark) {
    return new Mark(source, mark.getLine() + 1, mark.getColumn() + 1);
  }

  private static String oneLine(String text) {
    return text.lines().findFirst().orElse("").strip();
  }

  /** A tree that would cost more than a configuration may. */
  private static final class TooMuch extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooMuch(String message) {
      super(message, null, false, false);
    }
  }
}
