import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.testing.GatewayProcess;
import app.avalo.gateway.testing.Relay;
import app.avalo.gateway.testing.ServerProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Three gateways, three regions and a Redis, each a process; every road to a region is a relay. */
final class World implements AutoCloseable {
  static final List<String> REGIONS = List.of("eu", "us", "asia");
  static final int GATEWAYS = 3;
  private static final String TOKEN = "operator-of-a-benchmark-not-secret";
  private static final String PIN_KEY = "pins-of-a-benchmark-not-secret-00";

  private static final String YAML =
      """
      name: pins-%d
      listeners: [{name: plain, address: "127.0.0.1:%d"}]
      admin:
        address: "127.0.0.1:0"
        credentials: [{name: bench, token: "${env:NONE:-%s}", role: operator}]
      trustedHops: [127.0.0.0/8]
      accessLog: {to: "off"}
      regions:
        eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
        us: {index: 1, place: San Francisco, latitude: 37.8, longitude: -122.4}
        asia: {index: 2, place: Tokyo, latitude: 35.7, longitude: 139.7}
      services:
        wallet:
          pin: {contract: single-home}
          regions: {eu: "http://127.0.0.1:%d", us: "http://127.0.0.1:%d", asia: "http://127.0.0.1:%d"}
      routes:
        - {name: wallet, match: {path: {prefix: /wallet}}, service: wallet}
      identity:
        issuers: [{issuer: "%s", algorithms: [HS256], secret: "${env:NONE:-%s}"}]
      placing:
        ranges:
          - {block: 192.0.2.0/24, latitude: 52.5, longitude: 13.4}
          - {block: 198.51.100.0/24, latitude: 37.8, longitude: -122.4}
          - {block: 203.0.113.0/24, latitude: 35.7, longitude: 139.7}
      pins: {keys: [{id: 1, secret: "${env:NONE:-%s}"}]}
      state: {redis: {endpoints: ["%s"], deadline: 200ms}} # two cores for eight processes
      """;

  private final Ledger ledger = new Ledger();
  private final Path directory = Files.createTempDirectory("pins-");
  private final RedisServer redis;
  private final List<ServerProcess> regions = new ArrayList<>();
  private final Relay[][] roads = new Relay[GATEWAYS][REGIONS.size()];
  private final List<GatewayProcess> gateways = new ArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();

  /**
   * Starts everything.
   *
   * @param durable whether Redis writes to disk before it answers
   */
  World(boolean durable) throws IOException {
    String[] flags = {"--appendonly", "yes", "--appendfsync", "always", "--dir", "" + directory};
    redis = durable ? RedisServer.start(flags) : RedisServer.start();
    for (String region : REGIONS) {
      regions.add(region(region, 0, "fence"));
    }
    for (int gateway = 0; gateway < GATEWAYS; gateway++) {
      gateways.add(gateway(gateway));
    }
    gateways.forEach(gateway -> gateway.port("plain"));
  }

  private ServerProcess region(String name, int port, String fence) {
    return ServerProcess.start(Region.class, name, "" + port, "" + ledger.port(), fence);
  }

  private GatewayProcess gateway(int number) throws IOException {
    int[] ports = new int[REGIONS.size()];
    for (int region = 0; region < REGIONS.size(); region++) {
      roads[number][region] = Relay.to(regions.get(region).port());
      ports[region] = roads[number][region].port();
    }
    Path file = directory.resolve("gateway-" + number + ".yaml");
    Files.writeString(
        file,
        YAML.formatted(
            number,
            RedisServer.freePort(),
            TOKEN,
            ports[0],
            ports[1],
            ports[2],
            Users.ISSUER,
            Users.SECRET,
            PIN_KEY,
            redis.url()));
    return GatewayProcess.start("run", file.toString(), "--loops", "1");
  }

  int[] ports() {
    return gateways.stream().mapToInt(gateway -> gateway.port("plain")).toArray();
  }

  Ledger ledger() {
    return ledger;
  }

  RedisServer redis() {
    return redis;
  }

  ServerProcess region(int index) {
    return regions.get(index);
  }

  /** Starts a killed region again where it was. */
  void revive(int index, String fence) {
    regions.set(index, region(REGIONS.get(index), regions.get(index).port(), fence));
  }

  /** The road of a gateway to a region. */
  Relay road(int gateway, int region) {
    return roads[gateway][region];
  }

  /** Has the users of a region come home at once; whether the gateways agreed. */
  boolean resume(int region) throws IOException, InterruptedException {
    String body =
        "{\"from\":\"%s\",\"reason\":\"the fault is over\"}".formatted(REGIONS.get(region));
    return send("/admin/pins/resume", HttpRequest.BodyPublishers.ofString(body)).statusCode() == 202;
  }

  /** The first gateway's map, as JSON. */
  String groups() throws IOException, InterruptedException {
    return send("/admin/pins/groups", null).body();
  }

  private HttpResponse<String> send(String path, HttpRequest.BodyPublisher body)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + gateways.get(0).port("admin") + path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("Authorization", "Bearer " + TOKEN)
            .header("Content-Type", "application/json");
    return client.send(
        (body == null ? request : request.POST(body)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** What the gateways wrote to their logs. */
  String logs() {
    StringBuilder logs = new StringBuilder();
    gateways.forEach(gateway -> logs.append(gateway.log()).append("---\n"));
    return logs.toString();
  }

  @Override
  public void close() throws IOException {
    gateways.forEach(GatewayProcess::close);
    for (Relay[] ofGateway : roads) {
      for (Relay road : ofGateway) {
        road.close();
      }
    }
    regions.forEach(ServerProcess::close);
    redis.close();
    ledger.close();
  }
}
