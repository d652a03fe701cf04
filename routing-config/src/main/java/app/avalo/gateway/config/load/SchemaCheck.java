package app.avalo.gateway.config.load;

import app.avalo.gateway.config.yaml.Faults;
import app.avalo.gateway.config.yaml.Node;
import app.avalo.gateway.config.yaml.Spelling;
import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.NodePath;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Holds a tree against the published schema and puts every violation into words. The words come
 * from the schema's own {@code x-expected}, the validator's are for its authors.
 */
final class SchemaCheck {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final com.networknt.schema.Schema SCHEMA =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(Schema.text());

  private SchemaCheck() {}

  static void check(Node.Mapping root, Faults faults) {
    for (Error error : SCHEMA.validate(json(root))) {
      report(error, root, faults);
    }
  }

  private static void report(Error error, Node.Mapping root, Faults faults) {
    Node node = find(root, error.getInstanceLocation());
    JsonNode schema = around(error);
    String property = error.getProperty();
    switch (error.getKeyword()) {
      case "additionalProperties" -> unknownKey(node, property, schema, faults);
      case "required" -> missing(node, property, schema, faults);
      default -> {
        // A key that breaks "propertyNames" is reported as a value under its parent's location.
        Node.Entry named = keyOf(error, node);
        if (named != null && node instanceof Node.Mapping mapping) {
          String key = String.valueOf(property == null ? keyText(error) : property);
          faults.add(named.key(), mapping.at(key), key + " (expected " + expected(schema) + ")");
        } else {
          wrongValue(node, schema, faults);
        }
      }
    }
  }

  private static void wrongValue(Node node, JsonNode schema, Faults faults) {
    if (!schema.path("x-secret").asBoolean(false)) {
      faults.unexpected(node, expected(schema));
    } else if (!(node instanceof Node.Scalar scalar)) {
      faults.unexpected(node, expected(schema));
    } else if (!scalar.isResolved()) {
      faults.add(node.mark(), node.path(), "*** (expected " + expected(schema) + ")");
    }
  }

  private static void unknownKey(Node node, String key, JsonNode schema, Faults faults) {
    if (node instanceof Node.Mapping mapping && mapping.entries().containsKey(key)) {
      List<String> known = List.copyOf(schema.path("properties").propertyNames());
      faults.add(
          mapping.entries().get(key).key(),
          mapping.at(key),
          "unknown key (" + Spelling.hint(key, known) + ")");
    }
  }

  private static void missing(Node node, String key, JsonNode schema, Faults faults) {
    if (node instanceof Node.Mapping mapping) {
      JsonNode property = resolved(schema.path("properties").path(key));
      faults.add(node.mark(), mapping.at(key), "missing (expected " + expected(property) + ")");
    }
  }

  private static Node.@Nullable Entry keyOf(Error error, Node node) {
    boolean ofName = false;
    NodePath path = error.getEvaluationPath();
    for (int i = 0; i < path.getNameCount(); i++) {
      ofName |= "propertyNames".equals(String.valueOf(path.getElement(i)));
    }
    return ofName && node instanceof Node.Mapping mapping
        ? mapping.entries().get(keyText(error))
        : null;
  }

  private static String keyText(Error error) {
    String property = error.getProperty();
    return property != null ? property : error.getInstanceNode().asString("");
  }

  /** The schema object that holds the violated keyword. */
  private static JsonNode around(Error error) {
    NodePath fragment = error.getSchemaLocation().getFragment();
    JsonNode at = SCHEMA.getSchemaNode();
    for (int i = 0; i < fragment.getNameCount() - 1; i++) {
      Object element = fragment.getElement(i);
      at = element instanceof Integer index ? at.path(index) : at.path(String.valueOf(element));
    }
    return at;
  }

  private static String expected(JsonNode schema) {
    return resolved(schema).path("x-expected").asString("something else");
  }

  private static JsonNode resolved(JsonNode schema) {
    String ref = schema.path("$ref").asString("");
    return ref.isEmpty() ? schema : SCHEMA.getSchemaNode().at(ref.substring(1));
  }

  private static Node find(Node.Mapping root, NodePath location) {
    Node at = root;
    for (int i = 0; i < location.getNameCount(); i++) {
      Object element = location.getElement(i);
      Node next = null;
      if (at instanceof Node.Sequence list && element instanceof Integer index) {
        next = list.items().get(index);
      } else if (at instanceof Node.Mapping mapping) {
        next = mapping.get(String.valueOf(element));
      }
      if (next == null) {
        return at;
      }
      at = next;
    }
    return at;
  }

  private static JsonNode json(Node node) {
    if (node instanceof Node.Mapping mapping) {
      ObjectNode object = JSON.objectNode();
      mapping.entries().forEach((key, entry) -> object.set(key, json(entry.value())));
      return object;
    }
    if (node instanceof Node.Sequence sequence) {
      ArrayNode array = JSON.arrayNode();
      sequence.items().forEach(item -> array.add(json(item)));
      return array;
    }
    return scalar((Node.Scalar) node);
  }

  private static JsonNode scalar(Node.Scalar scalar) {
    String value = scalar.value();
    return switch (scalar.kind()) {
      case TEXT -> JSON.stringNode(value);
      case BOOLEAN -> JSON.booleanNode(Boolean.parseBoolean(value));
      case NOTHING -> JSON.nullNode();
      case WHOLE -> {
        BigInteger whole = whole(value);
        yield whole == null ? JSON.stringNode(value) : JSON.numberNode(whole);
      }
      case DECIMAL -> {
        BigDecimal decimal = decimal(value);
        yield decimal == null ? JSON.stringNode(value) : JSON.numberNode(decimal);
      }
    };
  }

  /** Decimal digits only: an octal port or a hexadecimal weight is a mistake here. */
  private static @Nullable BigInteger whole(String text) {
    boolean fits = text.length() <= 20 && text.chars().skip(1).allMatch(Character::isDigit);
    try {
      return fits ? new BigInteger(text) : null;
    } catch (NumberFormatException other) {
      return null;
    }
  }

  private static @Nullable BigDecimal decimal(String text) {
    try {
      return text.length() <= 20 && text.indexOf('e') < 0 && text.indexOf('E') < 0
          ? new BigDecimal(text)
          : null;
    } catch (NumberFormatException other) {
      return null;
    }
  }
}
