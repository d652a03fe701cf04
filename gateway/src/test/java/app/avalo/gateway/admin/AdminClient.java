package app.avalo.gateway.admin;

import app.avalo.gateway.testing.RunningGateway;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Calls the admin port of a running gateway. */
final class AdminClient {
  static final String VIEWER = "viewer-token-0123456789";
  static final String OPERATOR = "operator-token-0123456789";
  static final String ADMIN = "admin-token-0123456789";

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final RunningGateway gateway;

  AdminClient(RunningGateway gateway) {
    this.gateway = gateway;
  }

  /**
   * An answer.
   *
   * @param status of it
   * @param text body
   * @param response with its headers
   */
  record Answer(int status, String text, HttpResponse<String> response) {
    JsonObject json() {
      return new JsonObject(text);
    }

    String detail() {
      return json().getString("detail");
    }

    @Nullable String header(String name) {
      return response.headers().firstValue(name).orElse(null);
    }
  }

  Answer get(String token, String path) {
    return call("GET", token, path, null);
  }

  Answer post(String token, String path, String body) {
    return call("POST", token, path, body);
  }

  Answer delete(String token, String path) {
    return call("DELETE", token, path, null);
  }

  Answer call(
      String method,
      @Nullable String token,
      String path,
      @Nullable String body,
      String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.adminPort() + path))
            .timeout(Duration.ofSeconds(20))
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (token != null) {
      request.header("authorization", "Bearer " + token);
    }
    if (body != null) {
      request.header("content-type", "application/json");
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.body(), response);
    } catch (IOException failed) {
      throw new AssertionError(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
  }
}
