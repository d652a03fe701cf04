package app.avalo.gateway.config.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SchemaTest {
  private static final JsonNode SCHEMA = new JsonMapper().readTree(Schema.text());

  @Test
  void theJarCarriesThePublishedSchema() throws IOException {
    assertThat(Schema.text()).isEqualTo(Files.readString(Path.of("schema/gateway.schema.json")));
    assertThat(SCHEMA.path("$schema").asString())
        .isEqualTo("https://json-schema.org/draft/2020-12/schema");
  }

  @Test
  void everyKeyIsDescribedAndHasADefaultAndAnExample() {
    List<String> incomplete = new ArrayList<>();
    walk("", SCHEMA, new HashSet<>(), incomplete);

    assertThat(incomplete).isEmpty();
  }

  private static void walk(String path, JsonNode schema, Set<String> seen, List<String> bad) {
    for (String key : schema.path("properties").propertyNames()) {
      JsonNode property = schema.path("properties").path(key);
      String at = path + "." + key;
      JsonNode target = property.has("$ref") ? target(property) : property;
      boolean defaulted = property.has("default") || property.has("x-default");
      boolean object = target.has("properties");
      boolean flag = target.path("type").asString("").equals("boolean") || target.has("enum");
      boolean shown = property.has("examples") || target.has("examples") || object || flag;
      if (property.path("description").asString("").length() < 5 || !defaulted || !shown) {
        bad.add(at);
      }
      if (!target.has("x-expected")) {
        bad.add(at + " (x-expected)");
      }
      descend(at, property, seen, bad);
    }
  }

  private static void descend(String at, JsonNode node, Set<String> seen, List<String> bad) {
    if (node.has("$ref") && !seen.add(node.path("$ref").asString())) {
      return;
    }
    JsonNode schema = node.has("$ref") ? target(node) : node;
    walk(at, schema, seen, bad);
    for (String part : List.of("items", "additionalProperties")) {
      if (schema.path(part).isObject()) {
        descend(at, schema.path(part), seen, bad);
      }
    }
  }

  private static JsonNode target(JsonNode property) {
    return SCHEMA.at(property.path("$ref").asString().substring(1));
  }
}
