import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.GatewayProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** Gateways that share budgets by a Redis that writes to disk before it answers. */
final class World implements AutoCloseable {
  /** Most that a request costs, in micro-units. */
  static final long COST = 1_000_000;

  static final long AMOUNT = 20_000_000_000L;
  private static final String TOKEN = "admin-of-a-benchmark-not-secret-00";

  private static final String YAML =
      """
      name: budgets-%d
      listeners: [{name: plain, address: "127.0.0.1:%d"}]
      admin:
        address: "127.0.0.1:0"
        credentials: [{name: bench, token: "${env:NONE:-%s}", role: admin}]
      accessLog: {to: "off"}
      regions:
        eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
      state:
        directory: "%s"
        redis: {endpoints: ["%s"], deadline: 200ms}
      services:
        paid: {priority: critical, regions: {eu: "http://127.0.0.1:%d"}}
      routes:
      %s
      budgets:
      %s
      """;

  final Service service;
  private final Path directory = Files.createTempDirectory("budgets-");
  private final int budgets;
  private final RedisServer redis;
  private final List<Integer> ports = new ArrayList<>();
  private final List<GatewayProcess> gateways = new ArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();

  World(int gateways, int budgets) throws IOException {
    this.budgets = budgets;
    this.service = new Service(budgets);
    this.redis =
        RedisServer.start(
            "--appendonly", "yes", "--appendfsync", "always", "--dir", "" + directory);
    for (int gateway = 0; gateway < gateways; gateway++) {
      ports.add(RedisServer.freePort());
      this.gateways.add(launch(gateway));
    }
    awaitGateways();
  }

  private GatewayProcess launch(int gateway) throws IOException {
    StringBuilder routes = new StringBuilder();
    StringBuilder lines = new StringBuilder();
    for (int b = 0; b < budgets; b++) {
      routes.append("  - {name: b%d, match: {path: /b%d}, service: paid}\n".formatted(b, b));
      lines.append(
          ("  b%d: {amount: %d PLN, routes: [b%d], cost: {header: X-Cost, reserve: 1 PLN},"
                  + " throttleAt: 100%%, criticalAt: 100%%, leaseExpiry: 2s}\n")
              .formatted(b, AMOUNT / 1_000_000, b));
    }
    Path file = directory.resolve("gateway-" + gateway + ".yaml");
    Files.writeString(
        file,
        YAML.formatted(
            gateway,
            ports.get(gateway),
            TOKEN,
            directory.resolve("state-" + gateway),
            redis.url(),
            service.port(),
            routes,
            lines));
    return GatewayProcess.start("run", file.toString());
  }

  int gateways() {
    return gateways.size();
  }

  int port(int gateway) {
    return ports.get(gateway);
  }

  /** Says that all but this much was spent elsewhere, and waits until every gateway knows. */
  void spendAllBut(int budget, long left) throws IOException, InterruptedException {
    String body =
        "{\"id\":\"before\",\"of\":\"spent\",\"by\":\"%s PLN\",\"reason\":\"nearly gone\"}"
            .formatted(java.math.BigDecimal.valueOf(AMOUNT - left, 6).toPlainString());
    for (HttpResponse<String> answer = correct(budget, body);
        answer.statusCode() / 100 != 2;
        answer = correct(budget, body)) {
      LockSupport.parkNanos(100_000_000);
    }
    LockSupport.parkNanos(2_500_000_000L);
  }

  private HttpResponse<String> correct(int budget, String body)
      throws IOException, InterruptedException {
    URI admin = URI.create("http://127.0.0.1:" + gateways.get(0).port("admin"));
    return client.send(
        HttpRequest.newBuilder(admin.resolve("/admin/budgets/b" + budget + "/corrections"))
            .header("authorization", "Bearer " + TOKEN)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** How often gateways said this in their logs. */
  long logged(String text) {
    return gateways.stream().flatMap(each -> each.log().lines()).filter(l -> l.contains(text)).count();
  }

  /** SIGKILL; the files it leaves. */
  Path killGateway(int gateway) {
    gateways.get(gateway).close();
    return directory.resolve("state-" + gateway).resolve("budgets");
  }

  /** Starts it again, and waits for nothing. */
  void startGateway(int gateway) throws IOException {
    gateways.set(gateway, launch(gateway));
  }

  void awaitGateways() {
    gateways.forEach(gateway -> gateway.port("plain"));
  }

  /** SIGKILL; back after a while with what it had written. */
  void killRedis() {
    redis.kill();
    LockSupport.parkNanos(300_000_000);
    redis.restart();
  }

  /** A sum of a budget in Redis once it is this, or as it is after half a minute. */
  long settled(int budget, String field, long expected) throws IOException {
    long value = -1;
    for (int i = 0; i < 150 && value != expected; i++) {
      LockSupport.parkNanos(200_000_000);
      String month = LocalDate.now(ZoneOffset.UTC).toString().substring(0, 7);
      String answer = redis.command("HGET avalo:budget:{b" + budget + "}:" + month + ".PLN " + field);
      value = Long.parseLong(answer);
    }
    return value;
  }

  @Override
  public void close() {
    gateways.forEach(GatewayProcess::close);
    redis.close();
    service.close();
  }
}
