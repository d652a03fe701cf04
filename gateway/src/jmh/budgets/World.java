import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.GatewayProcess;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** Gateways that share budgets by a Redis that writes to disk before it answers. */
final class World implements AutoCloseable {
  /** Most that a request costs, in micro-units. */
  static final long COST = 1_000_000;

  static final long AMOUNT = 20_000_000_000L;
  private static final String TOLD =
      "amount: " + AMOUNT / 1_000_000 + " PLN, cost: {header: X-Cost, reserve: 1 PLN%s}";

  private static final String KEYED = ", idempotencyKey: ";

  /** Of payers, who have a name. */
  static final String KEY = "key-of-a-payer-not-secret-000";
  private static final String TOKEN = "admin-of-a-benchmark-not-secret-00";

  private static final String YAML =
      """
      name: budgets-%d
      listeners: [{name: plain, address: "127.0.0.1:%d"}]
      trustedHops: [127.0.0.0/8]
      identity: {apiKeys: [{name: payer, key: "${env:NONE:-%s}"}]}
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
        sockets: {priority: critical, regions: {eu: "http://127.0.0.1:%d"}}
      routes:
      %s
      budgets:
      %s
      """;

  final Service service;
  private final Sockets sockets = new Sockets();
  private final Path directory = Files.createTempDirectory("budgets-");
  private final List<String> budgets;
  private final List<String> knownBy;
  private final RedisServer redis;
  private final List<Integer> ports = new ArrayList<>();
  private final List<GatewayProcess> gateways = new ArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();

  /** With so many budgets, each for requests whose cost the service tells. */
  World(int gateways, int budgets) throws IOException {
    this(gateways, Collections.nCopies(budgets, TOLD.formatted("")));
  }

  /**
   * With these budgets.
   *
   * @param budgets amount and cost of each, as in the YAML
   */
  World(int gateways, List<String> budgets) throws IOException {
    this.budgets = budgets;
    this.knownBy = budgets.stream().map(World::header).toList();
    this.service = new Service(knownBy);
    this.redis =
        RedisServer.start(
            "--appendonly", "yes", "--appendfsync", "always", "--dir", "" + directory);
    for (int gateway = 0; gateway < gateways; gateway++) {
      ports.add(RedisServer.freePort());
      this.gateways.add(launch(gateway));
    }
    awaitGateways();
  }

  /** A budget that knows a request again by this header. */
  static String knowing(String header) {
    return TOLD.formatted(KEYED + header);
  }

  private static String header(String budget) {
    int at = budget.indexOf(KEYED);
    return at < 0 ? "" : budget.substring(at + KEYED.length(), budget.indexOf('}', at));
  }

  /** The header by which a budget knows a request again, or empty. */
  String knownBy(int budget) {
    return knownBy.get(budget);
  }

  /** Sum over all gateways of what their metrics say. */
  long metric(String name) throws IOException, InterruptedException {
    long sum = 0;
    for (GatewayProcess gateway : gateways) {
      URI metrics = URI.create("http://127.0.0.1:" + gateway.port("admin") + "/metrics");
      HttpRequest request = HttpRequest.newBuilder(metrics).build();
      String page = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
      sum +=
          page.lines()
              .filter(line -> line.startsWith(name))
              .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
              .sum();
    }
    return sum;
  }

  private GatewayProcess launch(int gateway) throws IOException {
    StringBuilder routes = new StringBuilder();
    StringBuilder lines = new StringBuilder();
    for (int b = 0; b < budgets.size(); b++) {
      routes.append("  - {name: b%d, match: {path: /b%d}, service: paid}\n".formatted(b, b));
      routes.append("  - {name: w%d, match: {path: /w%d}, service: sockets}\n".formatted(b, b));
      lines.append(
          "  b%d: {%s, routes: [b%d, w%d], throttleAt: 100%%, criticalAt: 100%%, leaseExpiry: 2s}\n"
              .formatted(b, budgets.get(b), b, b));
    }
    Path file = directory.resolve("gateway-" + gateway + ".yaml");
    Files.writeString(
        file,
        YAML.formatted(
            gateway,
            ports.get(gateway),
            KEY,
            TOKEN,
            directory.resolve("state-" + gateway),
            redis.url(),
            service.port(),
            sockets.port(),
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
    String body = "\"of\":\"spent\",\"reason\":\"nearly gone\"";
    correct(0, budget, "corrections", "before", AMOUNT - left, body);
    LockSupport.parkNanos(2_500_000_000L);
  }

  /** Imports a cost at a gateway; whether its id was new. */
  boolean importCost(int gateway, int budget, String id, long micros)
      throws IOException, InterruptedException {
    String body = "\"service\":\"paid\",\"reason\":\"invoice\"";
    return correct(gateway, budget, "costs", id, micros, body).contains("true");
  }

  /** Says it until it is heard. */
  private String correct(
      int gateway, int budget, String what, String id, long micros, String more)
      throws IOException, InterruptedException {
    String by = BigDecimal.valueOf(micros, 6).toPlainString();
    String body = "{\"id\":\"%s\",\"by\":\"%s PLN\",%s}".formatted(id, by, more);
    while (true) {
      HttpResponse<String> answer = post(gateway, "/admin/budgets/b" + budget + "/" + what, body);
      if (answer.statusCode() / 100 == 2) {
        return answer.body();
      }
      LockSupport.parkNanos(100_000_000);
    }
  }

  private HttpResponse<String> post(int gateway, String path, String body)
      throws IOException, InterruptedException {
    URI admin = URI.create("http://127.0.0.1:" + gateways.get(gateway).port("admin"));
    return client.send(
        HttpRequest.newBuilder(admin.resolve(path))
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

  /** Stops it in order, forgets its files, and starts another in its place. */
  void replaceGateway(int gateway) throws IOException {
    GatewayProcess ends = gateways.get(gateway);
    ends.signal("TERM");
    ends.exitCode(Duration.ofSeconds(30));
    ends.close();
    try (Stream<Path> files = Files.walk(directory.resolve("state-" + gateway))) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
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
      value = sum(budget, field);
    }
    return value;
  }

  /** What is spent once nothing more is leased, or after half a minute. */
  long rest(int budget) throws IOException {
    for (int i = 0; i < 150 && sum(budget, "spent") != sum(budget, "charged"); i++) {
      LockSupport.parkNanos(200_000_000);
    }
    return sum(budget, "spent");
  }

  /** A sum of a budget in Redis. */
  long sum(int budget, String field) throws IOException {
    String month = LocalDate.now(ZoneOffset.UTC).toString().substring(0, 7);
    String key = "avalo:budget:{b" + budget + "}:" + month + ".PLN ";
    return Long.parseLong(redis.command("HGET " + key + field));
  }

  RedisServer redis() {
    return redis;
  }

  @Override
  public void close() throws IOException {
    gateways.forEach(GatewayProcess::close);
    redis.close();
    service.close();
    sockets.close();
  }
}
