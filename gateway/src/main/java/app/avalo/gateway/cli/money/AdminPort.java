package app.avalo.gateway.cli.money;

import app.avalo.gateway.cli.Failure;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The admin port of a running gateway, as options name it. */
final class AdminPort {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Option(
      names = "--admin",
      paramLabel = "URL",
      required = true,
      description = "The admin port of a running gateway, http://127.0.0.1:9090.")
  private URI url = URI.create("http://127.0.0.1:9090");

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      defaultValue = "${env:AVALO_ADMIN_TOKEN}",
      description =
          "Credential of role admin; of role viewer for what only reads. Better in the environment"
              + " as AVALO_ADMIN_TOKEN, where no list of processes shows it.")
  private @Nullable String token;

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

  /** What it answers; posts the body if there is one. */
  HttpResponse<String> call(String path, @Nullable JsonObject body) {
    HttpRequest.Builder request = HttpRequest.newBuilder(url.resolve(path)).timeout(PATIENCE);
    if (token != null) {
      request.header("authorization", "Bearer " + token);
    }
    if (body != null) {
      request.header("content-type", "application/json");
      request.POST(BodyPublishers.ofString(body.encode()));
    }
    try {
      HttpResponse<String> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() >= 300) {
        throw new Failure(
            Failure.CANNOT_START, url + " answered " + answer.statusCode() + ": " + detail(answer));
      }
      return answer;
    } catch (IOException silent) {
      throw new Failure(Failure.CANNOT_START, url + " does not answer: " + silent);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failure(Failure.CANNOT_START, "interrupted");
    }
  }

  private static String detail(HttpResponse<String> answer) {
    try {
      return new JsonObject(answer.body()).getString("detail", answer.body());
    } catch (DecodeException | ClassCastException plain) {
      return answer.body().lines().findFirst().orElse("");
    }
  }
}
