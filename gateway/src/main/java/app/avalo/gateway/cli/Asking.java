package app.avalo.gateway.cli;

import app.avalo.gateway.admin.api.ExplainApi;
import app.avalo.gateway.cli.ExplainCommand.Asked;
import app.avalo.gateway.config.ListenerConfig;
import app.avalo.gateway.config.load.Loaded;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.edge.intake.Question;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.run.Gateway;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Finds out what would happen to a request: here, or from a running gateway. */
final class Asking {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private Asking() {}

  /** Decides here; an issuer is asked for its keys only when a token of it is given. */
  static JsonObject offline(Loaded.Valid loaded, Asked asked, List<String> out)
      throws ExecutionException {
    for (String region : out) {
      if (!loaded.config().regions().containsKey(region)) {
        throw new Failure(
            Failure.USAGE,
            "--out %s (expected one of %s)"
                .formatted(region, String.join(", ", loaded.config().regions().keySet())));
      }
    }
    Exchange.Head head = head(loaded.config().listeners(), asked);
    Vertx vertx = Machine.start(1, Machine.TransportChoice.NIO, null).vertx();
    try {
      Gateway gateway = Machine.await(Gateway.startDeciding(vertx, loaded));
      for (String region : out) {
        Forced lost = new Forced(true, "explain", "--out", null);
        Machine.await(gateway.health().force(region, lost));
      }
      return ExplainApi.view(Machine.await(gateway.explain(head)));
    } finally {
      Machine.await(vertx.close());
    }
  }

  private static Exchange.Head head(List<ListenerConfig> listeners, Asked asked) {
    IpAddress client = IpAddress.parse(asked.client());
    if (client == null) {
      throw new Failure(
          Failure.USAGE, "--client " + asked.client() + " (expected an IPv4 or IPv6 address)");
    }
    MultiMap headers = HttpHeaders.headers();
    try {
      for (String line : asked.headers()) {
        headers.add(name(line), value(line));
      }
      String host = asked.url().startsWith("/") ? "localhost" : null;
      return Question.at(listeners, asked.listener())
          .head(asked.method(), asked.url(), host, headers, client, true, "explained-by-cli");
    } catch (IllegalArgumentException malformed) {
      throw new Failure(Failure.USAGE, String.valueOf(malformed.getMessage()));
    }
  }

  private static String name(String header) {
    int colon = header.indexOf(':');
    if (colon < 1) {
      throw new Failure(Failure.USAGE, "-H '" + header + "' (expected Name: value)");
    }
    return header.substring(0, colon).strip();
  }

  private static String value(String header) {
    return header.substring(header.indexOf(':') + 1).strip();
  }

  /** Asks the gateway whose admin port this is. */
  static JsonObject running(URI admin, @Nullable String token, Asked asked) {
    JsonObject headers = new JsonObject();
    for (String line : asked.headers()) {
      String name = name(line);
      headers.put(name, headers.getJsonArray(name, new JsonArray()).add(value(line)));
    }
    JsonObject body =
        new JsonObject()
            .put("method", asked.method())
            .put("url", asked.url())
            .put("client", asked.client())
            .put("headers", headers);
    if (asked.listener() != null) {
      body.put("listener", asked.listener());
    }
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(admin.resolve("/admin/explain"))
              .timeout(PATIENCE)
              .header("content-type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body.encode()));
      if (token != null) {
        request.header("authorization", "Bearer " + token);
      }
      HttpResponse<String> response =
          HttpClient.newBuilder()
              .connectTimeout(PATIENCE)
              .build()
              .send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new Failure(
            Failure.CANNOT_START,
            admin + " answered " + response.statusCode() + ": " + detail(response.body()));
      }
      return new JsonObject(response.body());
    } catch (IllegalArgumentException malformed) {
      throw new Failure(Failure.USAGE, "--admin " + admin + " (expected http://host:port)");
    } catch (IOException | DecodeException silent) {
      throw new Failure(Failure.CANNOT_START, admin + " does not answer: " + silent);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failure(Failure.CANNOT_START, "interrupted");
    }
  }

  private static String detail(String body) {
    try {
      return new JsonObject(body).getString("detail", body);
    } catch (DecodeException | ClassCastException plain) {
      return body.lines().findFirst().orElse("");
    }
  }
}
