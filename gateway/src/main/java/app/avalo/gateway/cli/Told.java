package app.avalo.gateway.cli;

import io.vertx.core.json.JsonObject;
import java.util.Map;

/** An explanation as lines to read. */
final class Told {
  private Told() {}

  static String text(JsonObject explained) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s %s%s from %s%n"
            .formatted(
                explained.getString("method"),
                explained.getString("host"),
                explained.getString("path"),
                explained.getString("client")));
    for (Object each : explained.getJsonArray("steps")) {
      JsonObject step = (JsonObject) each;
      text.append("  %-9s %s%n".formatted(step.getString("subject"), step.getString("verdict")));
      for (Map.Entry<String, Object> fact : step.getJsonObject("facts")) {
        text.append("            %s: %s%n".formatted(fact.getKey(), fact.getValue()));
      }
    }
    return text.append("= ").append(outcome(explained)).append(System.lineSeparator()).toString();
  }

  private static String outcome(JsonObject explained) {
    String region = explained.getString("region");
    return switch (explained.getString("outcome")) {
      case "answered" -> "answered by the gateway with " + explained.getInteger("status");
      case "forwarded" -> "forwarded to %s in %s".formatted(explained.getString("service"), region);
      default -> "no region can take it now";
    };
  }
}
