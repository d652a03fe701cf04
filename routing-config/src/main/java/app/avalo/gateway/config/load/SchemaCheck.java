package app.avalo.gateway.config.load;

import app.avalo.gateway.config.yaml.Faults;
import app.avalo.gateway.config.yaml.Mark;
import app.avalo.gateway.config.yaml.Node;
import app.avalo.gateway.config.yaml.Spelling;
import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.keyword.NonValidationKeyword;
import com.networknt.schema.path.NodePath;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
      SchemaRegistry.withDefaultDialect(dialect()).getSchema(Schema.text());

  private SchemaCheck() {}

  /** Draft 2020-12 with the annotations that the reference and the messages are made from. */
  private static Dialect dialect() {
    Dialect draft = Dialects.getDraft202012();
    return Dialect.builder(draft.getId(), draft)
        .keyword(new NonValidationKeyword("x-expected"))
        .keyword(new NonValidationKeyword("x-default"))
        .keyword(new NonValidationKeyword("x-secret"))
        .build();
  }

  static void check(Node.Mapping root, Faults faults) {
    Set<String> meant = new HashSet<>();
    List<Error> errors = SCHEMA.validate(json(root));
    for (Error error : errors) {
      if (error.getKeyword().equals("additionalProperties")) {
        unknownKey(find(root, error.getInstanceLocation()), error, meant, faults);
      }
    }
    for (Error error : errors) {
      Node node = find(root, error.getInstanceLocation());
      switch (error.getKeyword()) {
        case "additionalProperties" -> {}
        case "required" -> missing(node, error, meant, faults);
        case "propertyNames" -> wrongName(node, error, faults);
        default -> wrongValue(node, around(error), faults);
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

  /** Remembers the key that was meant, so that it is not reported as missing as well. */
  private static void unknownKey(Node node, Error error, Set<String> meant, Faults faults) {
    String key = error.getProperty();
    if (node instanceof Node.Mapping mapping && mapping.entries().containsKey(key)) {
      List<String> known = List.copyOf(around(error).path("properties").propertyNames());
      String near = Spelling.nearest(key, known);
      if (near != null) {
        meant.add(mapping.at(near));
      }
      faults.add(
          mapping.entries().get(key).key(),
          mapping.at(key),
          "unknown key (" + Spelling.hint(key, known) + ")");
    }
  }

  private static void missing(Node node, Error error, Set<String> meant, Faults faults) {
    String key = error.getProperty();
    if (node instanceof Node.Mapping mapping && !meant.contains(mapping.at(key))) {
      JsonNode property = around(error).path("properties").path(key);
      faults.add(node.mark(), mapping.at(key), "missing (expected " + expected(property) + ")");
    }
  }

  private static void wrongName(Node node, Error error, Faults faults) {
    String expected = expected(around(error).path("propertyNames"));
    String key = error.getProperty();
    if (node instanceof Node.Mapping mapping && mapping.entries().containsKey(key)) {
      Mark at = mapping.entries().get(key).key();
      faults.add(at, mapping.at(key), key + " (expected " + expected + ")");
    }
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
