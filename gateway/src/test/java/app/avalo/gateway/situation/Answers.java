package app.avalo.gateway.situation;

import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.testing.RunningGateway;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Objects;

/** What tests ask and read again and again. */
final class Answers {
  private Answers() {}

  /** The region that served, or the status when none did. */
  static String servedBy(HttpResponse<String> answer) {
    return answer.headers().firstValue("X-Region").orElse("nobody, " + answer.statusCode());
  }

  static String header(HttpResponse<String> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }

  /** A header as the region received it. */
  static String received(HttpResponse<String> answer, String name) {
    return new JsonObject(answer.body()).getJsonObject("headers").getString(name, "");
  }

  /** The last part of a problem's type. */
  static String problem(HttpResponse<String> answer) {
    return answer.statusCode() < 400 || !answer.body().startsWith("{\"type\"")
        ? "none, " + answer.statusCode()
        : new JsonObject(answer.body()).getString("type").replace("urn:avalo:gateway:", "");
  }

  /** The rule that a problem names. */
  static String rule(HttpResponse<String> answer) {
    return new JsonObject(answer.body()).getString("rule", "");
  }

  /** The cookie to send back. */
  static String cookie(HttpResponse<String> answer) {
    String set = header(answer, "Set-Cookie");
    return set.isEmpty() ? "" : set.substring(0, set.indexOf(';'));
  }

  static HttpResponse<String> post(RunningGateway gateway, String path, String... headers) {
    return gateway.send(
        HttpRequest.newBuilder(gateway.uri(path))
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .headers(headers)
            .build());
  }

  /** The explanation of a request from this client. */
  static Exchange explain(
      RunningGateway gateway, String method, String path, String client, String... headers) {
    io.vertx.core.MultiMap all = io.vertx.core.MultiMap.caseInsensitiveMultiMap();
    for (int i = 0; i < headers.length; i += 2) {
      all.add(headers[i], headers[i + 1]);
    }
    int query = path.indexOf('?');
    return RunningGateway.await(
        gateway
            .gateway()
            .explain(
                new Exchange.Head(
                    method,
                    "127.0.0.1",
                    query < 0 ? path : path.substring(0, query),
                    query < 0 ? null : path.substring(query + 1),
                    all,
                    Objects.requireNonNull(app.avalo.gateway.config.unit.IpAddress.parse(client)),
                    true,
                    false,
                    "explained")));
  }

  /** The steps of an explanation about one subject. */
  static List<Explanation.Step> steps(Exchange explained, String subject) {
    return Objects.requireNonNull(explained.explanation()).steps().stream()
        .filter(step -> step.subject().equals(subject))
        .toList();
  }
}
