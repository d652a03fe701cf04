package app.avalo.gateway.situation;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.GatewayProcess;
import app.avalo.gateway.testing.RunningGateway;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway is killed while a service works on a call with an id, which its client sends again. */
class KilledWhileServingIT {
  private static final String KEY = "key-of-ada-0123456789abcdef-not-secret";

  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final AtomicInteger served = new AtomicInteger();
  private final AtomicBoolean silent = new AtomicBoolean(true);
  @TempDir private Path directory;

  private Path yaml(String name, String redis) throws IOException {
    HttpServer service =
        RunningGateway.await(
            vertx.createHttpServer().requestHandler(this::serve).listen(0, "127.0.0.1"));
    return Files.writeString(
        directory.resolve(name + ".yaml"),
        RunningGateway.COMMON
            + """
            identity: {apiKeys: [{name: ada, key: "${env:NONE:-%s}"}]}
            regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
            services: {ai: {priority: critical, regions: {eu: "http://127.0.0.1:%d"}}}
            routes: [{name: ai, match: {path: {prefix: /}}, service: ai}]
            budgets:
              month:
                amount: 1 PLN
                services: [ai]
                cost: {header: X-Cost, reserve: 0.1 PLN, idempotencyKey: Idempotency-Key}
            state: {directory: "%s"%s}
            """
                .formatted(KEY, service.actualPort(), directory.resolve(name), redis));
  }

  private void serve(HttpServerRequest request) {
    boolean probe = request.getHeader("idempotency-key") == null;
    served.addAndGet(probe ? 0 : 1);
    if (probe || !silent.get()) {
      request.response().putHeader("X-Cost", "0.05").end();
    }
  }

  @AfterEach
  void stop() {
    RunningGateway.await(vertx.close());
  }

  private HttpRequest call(GatewayProcess gateway, String id) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port("plain") + "/"))
        .header("x-api-key", KEY)
        .header("idempotency-key", id)
        .build();
  }

  /** Share of the amount that is spent, as its metrics say. */
  private double spent(GatewayProcess gateway) {
    URI metrics = URI.create("http://127.0.0.1:" + gateway.port("admin") + "/metrics");
    try {
      return client
          .send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofLines())
          .body()
          .filter(line -> line.startsWith("gateway_budget_spent_ratio{budget=\"month\""))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
          .findFirst()
          .orElse(-1);
    } catch (IOException | InterruptedException failure) {
      throw new AssertionError(failure);
    }
  }

  private void killedWhileServing(Path yaml, BooleanSupplier takenDown) {
    try (GatewayProcess gateway = GatewayProcess.start("run", yaml.toString())) {
      client.sendAsync(call(gateway.ready(), "a"), BodyHandlers.discarding());
      Awaiting.until(() -> served.get() == 1 && takenDown.getAsBoolean());
    }
    silent.set(false);
  }

  private static boolean knows(RedisServer redis) {
    try {
      return redis.command("KEYS avalo:budget:{month}:paid:*").equals("*1");
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private void served(GatewayProcess gateway, String id) throws Exception {
    assertThat(client.send(call(gateway, id), BodyHandlers.discarding()).statusCode())
        .isEqualTo(200);
  }

  @Test
  void at_the_next_in_its_place_the_call_costs_what_was_held_for_it_and_no_more() throws Exception {
    Path yaml = yaml("alone", "");
    killedWhileServing(yaml, () -> true);

    try (GatewayProcess next = GatewayProcess.start("run", yaml.toString())) {
      served(next.ready(), "a");
      served(next, "b");

      Awaiting.until(() -> spent(next) >= 0.15);
      assertThat(spent(next)).isEqualTo(0.15);
    }
  }

  @Test
  void at_another_the_call_costs_what_was_held_for_it_and_no_more() throws Exception {
    try (RedisServer redis = RedisServer.start()) {
      String shared = ", redis: {endpoints: [\"" + redis.url() + "\"], deadline: 5s}";
      Path one = yaml("one", shared);
      try (GatewayProcess two = GatewayProcess.start("run", yaml("two", shared).toString())) {
        two.ready();
        killedWhileServing(one, () -> knows(redis));

        served(two, "a");
        served(two, "b");
        Awaiting.until(() -> spent(two) >= 0.05);
        assertThat(spent(two)).as("the first call pays").isEqualTo(0.05);

        try (GatewayProcess back = GatewayProcess.start("run", one.toString())) {
          back.ready(); // a loaded machine needs a while for it
          Awaiting.until(() -> spent(two) >= 0.15);
          assertThat(spent(two)).isEqualTo(0.15);
          served(back, "a");
          served(back, "b");
          served(back, "c");
          Awaiting.until(() -> spent(two) >= 0.2);
          assertThat(spent(two)).isEqualTo(0.2);
        }
      }
    }
  }
}
