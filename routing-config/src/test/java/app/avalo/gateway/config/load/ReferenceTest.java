package app.avalo.gateway.config.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The reference in the README says what the schema says. Run with {@code -Dreference.write=true} to
 * write it anew.
 */
class ReferenceTest {
  private static final Path README = Path.of("README.md");
  private static final String BEGIN = "<!-- keys: written by ReferenceTest -->\n";
  private static final String END = "<!-- end of keys -->";
  private static final JsonNode SCHEMA = new JsonMapper().readTree(Schema.text());

  private final StringBuilder out = new StringBuilder();
  private final Deque<Section> waiting = new ArrayDeque<>();
  private final List<String> done = new ArrayList<>();

  private record Section(String path, JsonNode schema) {}

  @Test
  void theReadmeDescribesEveryKey() throws IOException {
    String readme = Files.readString(README);
    int begin = readme.indexOf(BEGIN) + BEGIN.length();
    int end = readme.indexOf(END);
    String reference = reference();
    if (Boolean.getBoolean("reference.write")) {
      Files.writeString(README, readme.substring(0, begin) + reference + readme.substring(end));
      return;
    }

    assertThat(readme.substring(begin, end)).isEqualTo(reference);
  }

  private String reference() {
    waiting.add(new Section("", SCHEMA));
    while (!waiting.isEmpty()) {
      Section section = waiting.remove();
      out.append("\n### ").append(section.path().isEmpty() ? "Top level" : code(section.path()));
      out.append("\n\n| key | value | default | meaning | example |\n|---|---|---|---|---|\n");
      JsonNode properties = section.schema().path("properties");
      properties.propertyNames().forEach(key -> row(section.path(), key, properties.path(key)));
    }
    return out.append('\n').toString();
  }

  private void row(String path, String key, JsonNode property) {
    JsonNode target = target(property);
    String at = path.isEmpty() ? key : path + "." + key;
    String example = first(property, target);
    out.append("| ").append(code(key)).append(" | ").append(value(target)).append(" | ");
    JsonNode absent = property.path("default");
    out.append(
        absent.isMissingNode() ? property.path("x-default").asString("") : code(text(absent)));
    out.append(" | ").append(property.path("description").asString("").replace("|", "\\|"));
    out.append(" | ").append(example.isEmpty() ? "" : code(example)).append(" |\n");
    enqueue(at, property);
  }

  /** Every object gets a table, one that is used in several places only its first. */
  private void enqueue(String at, JsonNode property) {
    String ref = property.path("$ref").asString("");
    if (!ref.isEmpty() && done.contains(ref)) {
      return;
    }
    JsonNode target = target(property);
    if (target.has("properties")) {
      if (!ref.isEmpty()) {
        done.add(ref);
      }
      waiting.add(new Section(at, target));
    }
    if (target.path("items").isObject()) {
      enqueue(at + "[]", target.path("items"));
    }
    if (target.path("additionalProperties").isObject()) {
      enqueue(at + ".NAME", target.path("additionalProperties"));
    }
  }

  private static String value(JsonNode target) {
    return target.path("x-expected").asString("").replace("|", "\\|");
  }

  private static String first(JsonNode property, JsonNode target) {
    JsonNode examples =
        property.has("examples") ? property.path("examples") : target.path("examples");
    if (examples.isEmpty()) {
      return "";
    }
    return text(examples.path(0));
  }

  private static String text(JsonNode node) {
    return node.isString() ? node.asString().strip() : node.toString();
  }

  private static String code(String text) {
    return text.isEmpty() ? "nothing" : "`" + text.replace("\n", "\\n").replace("|", "\\|") + "`";
  }

  private static JsonNode target(JsonNode property) {
    String ref = property.path("$ref").asString("");
    return ref.isEmpty() ? property : SCHEMA.at(ref.substring(1));
  }
}
