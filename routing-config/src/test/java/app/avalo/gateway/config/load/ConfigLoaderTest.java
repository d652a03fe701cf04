package app.avalo.gateway.config.load;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.ServiceConfig.Timeouts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
  private static final String SMALL =
      """
      listeners: [{name: public, address: "127.0.0.1:0"}]
      regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
      services: {feed: {regions: {eu: "http://127.0.0.1:8081"}}}
      routes: [{name: feed, match: {path: /feed}, service: feed}]
      """;

  @TempDir Path directory;

  @Test
  void allFaultsAreReportedAtOnce() {
    String yaml =
        """
        name: avalo
        listners: []
        listeners:
          - name: public
            address: 127.0.0.1
            http2: maybe
        regions:
          eu: {index: 0, latitude: 152, longitude: 13.4}
        services:
          feed:
            regions: {eu: [], moon: "http://a"}
            limits: [per-caler]
        routes:
          - name: feed
            match: {path: {regex: "/(?=a)a"}, methods: GET}
            service: fed
          - name: feed
            match: {path: /x}
        limits:
          per-caller: {rate: fast}
        budgets:
          ai: {amount: 5 PLN, services: [feed], cost: {perRequest: 1 EUR}, alertAt: 95%}
        """;

    assertThat(messages(ConfigLoader.parse("x.yaml", yaml)))
        .containsExactly(
            "x.yaml:2:1: listners: unknown key (did you mean listeners?)",
            "x.yaml:5:14: listeners[0].address: 127.0.0.1 (expected host:port such as 0.0.0.0:8080"
                + " or [::1]:9090)",
            "x.yaml:6:12: listeners[0].http2: maybe (expected true or false)",
            "x.yaml:8:28: regions.eu.latitude: 152 (expected degrees from -90 to 90)",
            "x.yaml:11:19: services.feed.regions.eu: an empty list (expected an endpoint such as"
                + " http://10.0.0.1:8080, or a list of at least one)",
            "x.yaml:11:23: services.feed.regions.moon: moon: no such region (expected one of eu)",
            "x.yaml:12:14: services.feed.limits[0]: per-caler: no such limit (did you mean"
                + " per-caller?)",
            "x.yaml:15:27: routes[0].match.path.regex: /(?=a)a (expected RE2 syntax: invalid or"
                + " unsupported Perl syntax)",
            "x.yaml:15:39: routes[0].match.methods: unknown key (did you mean method?)",
            "x.yaml:16:14: routes[0].service: fed: no such service (did you mean feed?)",
            "x.yaml:17:5: routes[1]: no action (expected one of service, services, redirect,"
                + " respond, routing)",
            "x.yaml:17:11: routes[1].name: feed (expected a name of its own, first in line 14)",
            "x.yaml:20:22: limits.per-caller.rate: fast (expected a rate such as 100/min or 10/s)",
            "x.yaml:22:60: budgets.ai.cost.perRequest: 1 EUR (expected PLN as in amount)",
            "x.yaml:22:77: budgets.ai.alertAt: 95% (expected alertAt at most throttleAt)");
  }

  @Test
  void aRouteInheritsFieldByField() {
    String yaml =
        """
        listeners: [{name: public, address: "127.0.0.1:0"}]
        regions: {eu: {index: 0, latitude: 52.5, longitude: 13.4}}
        defaults: {timeouts: {connect: 1s, idle: 2s}, bodyLimit: 1KiB}
        services:
          feed: {regions: {eu: "http://a"}, timeouts: {idle: 3s, attempt: 4s}}
        routes:
          - {name: feed, match: {path: /feed}, service: feed, timeouts: {attempt: 5s}}
        """;

    GatewayConfig config = valid(ConfigLoader.parse("x.yaml", yaml)).config();

    assertThat(config.routes().get(0).timeouts())
        .isEqualTo(
            new Timeouts(
                Duration.ofSeconds(1),
                Duration.ofSeconds(5),
                Duration.ofSeconds(3),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30)));
    assertThat(config.routes().get(0).bodyBytes()).isEqualTo(1024);
  }

  @Test
  void lowerPrioritiesLeaveAtLeastWhatHigherOnesDo() {
    String yaml =
        SMALL.replace("service: feed}", "service: feed, priority: low, limits: [calls]}")
            + "limits: {calls: {rate: 100/min, reserve: {high: 5%, low: 30%}}}\n";

    GatewayConfig config = valid(ConfigLoader.parse("x.yaml", yaml)).config();

    assertThat(config.routes().get(0).priority()).isEqualTo(Priority.LOW);
    assertThat(config.limits().get("calls").reserve())
        .isEqualTo(Map.of(Priority.HIGH, 5, Priority.NORMAL, 5, Priority.LOW, 30));
  }

  @Test
  void teamsKeepTheirRoutesInFilesOfTheirOwn() throws IOException {
    write("a.yaml", SMALL);
    write("b.yml", "routes: [{name: other, match: {path: /other}, service: feed}]\n");
    write(".hidden.yaml", "nonsense: true\n");

    Loaded.Valid loaded = valid(ConfigLoader.load(directory, name -> null));

    assertThat(loaded.config().routes()).hasSize(2);
    assertThat(loaded.files()).hasSize(2);
  }

  @Test
  void aKeyBelongsToOneFile() throws IOException {
    write("a.yaml", SMALL + "name: one\n");
    write("b.yaml", "name: two\nservices: {feed: {}}\n");

    assertThat(messages(ConfigLoader.load(directory, name -> null)))
        .containsExactly(
            "b.yaml:1:1: name: a second time (expected once, first in a.yaml:5)",
            "b.yaml:2:12: services.feed: a second time (expected once, first in a.yaml:3)");
  }

  @Test
  void aBrokenFileDoesNotHideTheFaultsOfItsNeighbours() throws IOException {
    write("a.yaml", SMALL + "shutdownGrace: 10\n");
    write("b.yaml", "budgets: [\n");

    assertThat(messages(ConfigLoader.load(directory, name -> null)))
        .hasSize(2)
        .anyMatch(m -> m.startsWith("a.yaml:5:16: shutdownGrace: 10"))
        .anyMatch(m -> m.startsWith("b.yaml:2:1: not YAML"));
  }

  @Test
  void aSecretComesFromAFileWithoutItsLastNewline() throws IOException {
    write("token", "open-sesame-open-sesame\n");
    write("a.yaml", SMALL + "admin: {credentials: [{name: a, token: \"${file:token}\"}]}\n");

    Loaded.Valid loaded = valid(ConfigLoader.load(directory.resolve("a.yaml"), name -> null));

    assertThat(loaded.config().admin().credentials().get(0).token().reveal())
        .isEqualTo("open-sesame-open-sesame");
    assertThat(loaded.files())
        .containsExactlyInAnyOrder(directory.resolve("a.yaml"), directory.resolve("token"));
    assertThat(loaded.toString()).doesNotContain("sesame");
  }

  @Test
  void aConfigMapIsReadThroughItsLinks() throws IOException {
    Path data = Files.createDirectory(directory.resolve("..2026_11_21"));
    Files.writeString(data.resolve("gateway.yaml"), SMALL);
    Files.createSymbolicLink(directory.resolve("..data"), data.getFileName());
    Files.createSymbolicLink(directory.resolve("gateway.yaml"), Path.of("..data/gateway.yaml"));

    assertThat(valid(ConfigLoader.load(directory, name -> null)).config().routes()).hasSize(1);
  }

  @Test
  void theFingerprintFollowsTheBytes() {
    String one = valid(ConfigLoader.parse("x.yaml", SMALL)).fingerprint();

    assertThat(one).matches("[0-9a-f]{16}");
    assertThat(valid(ConfigLoader.parse("x.yaml", SMALL)).fingerprint()).isEqualTo(one);
    assertThat(valid(ConfigLoader.parse("x.yaml", SMALL + "#")).fingerprint()).isNotEqualTo(one);
  }

  @Test
  void pathsStartAtTheFileThatNamesThem() throws IOException {
    write("a.yaml", SMALL + "placing: {database: geo/city.mmdb}\nstate: {directory: ../state}\n");

    GatewayConfig config = valid(ConfigLoader.load(directory, name -> null)).config();

    assertThat(config.placing().database()).isEqualTo(directory.resolve("geo/city.mmdb"));
    assertThat(config.state().directory()).isEqualTo(directory.resolveSibling("state"));
  }

  @Test
  void laughterIsBounded() {
    StringBuilder yaml = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
      yaml.append("a").append(i).append(": &a").append(i).append(" [");
      yaml.append(("*a" + (i - 1) + ", ").repeat(9)).append("*a").append(i - 1).append("]\n");
    }

    assertThat(messages(ConfigLoader.parse("x.yaml", yaml.toString())))
        .containsExactly("x.yaml:1:1: more than 100000 values (expected fewer)");
  }

  @Test
  void aValueInsideItselfIsRefused() {
    assertThat(messages(ConfigLoader.parse("x.yaml", "a: &a [*a]\n")))
        .containsExactly("x.yaml:1:1: nested deeper than 24 levels (expected fewer)");
  }

  @Test
  void depthAndSizeAreBounded() {
    assertThat(messages(ConfigLoader.parse("x.yaml", "[".repeat(20_000))))
        .containsExactly("x.yaml:1:26: nested deeper than 24 levels (expected fewer)");
    assertThat(messages(ConfigLoader.parse("x.yaml", "#".repeat(1024 * 1024 + 1))))
        .containsExactly("x.yaml:1:1: 1048577 bytes (expected at most 1 MiB)");
    assertThat(messages(ConfigLoader.parse("x.yaml", new byte[] {(byte) 0xc3, 0x28})))
        .containsExactly("x.yaml:1:1: broken characters (expected UTF-8)");
  }

  @Test
  void nothingToReadIsAFault() throws IOException {
    assertThat(messages(ConfigLoader.load(directory.resolve("nowhere.yaml"), name -> null)))
        .containsExactly("nowhere.yaml:1:1: no such file (expected a YAML file or a directory)");
    assertThat(messages(ConfigLoader.load(directory, name -> null)))
        .singleElement()
        .asString()
        .endsWith("no YAML file (expected at least one *.yaml)");
    assertThat(messages(ConfigLoader.parse("x.yaml", "")))
        .containsExactly(
            "x.yaml:1:1: listeners: missing (expected a list of at least one listener)",
            "x.yaml:1:1: regions: missing (expected a mapping of at least one region)");
  }

  @Test
  void aPlaceholderMayBePartOfAValueOrHaveADefault() {
    String yaml = SMALL + "name: avalo-${env:SITE:-eu}-${env:CELL}\nshutdownGrace: ${env:GRACE}\n";
    Map<String, String> env = Map.of("CELL", "7", "GRACE", "5s");

    GatewayConfig config =
        valid(
                ConfigLoader.parse(
                    "x.yaml", yaml.getBytes(java.nio.charset.StandardCharsets.UTF_8), env::get))
            .config();

    assertThat(config.name()).isEqualTo("avalo-eu-7");
    assertThat(config.shutdownGrace()).isEqualTo(Duration.ofSeconds(5));
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private List<String> messages(Loaded loaded) {
    assertThat(loaded).isInstanceOf(Loaded.Invalid.class);
    String prefix = directory + "/";
    return ((Loaded.Invalid) loaded)
        .faults().stream().map(fault -> fault.toString().replace(prefix, "")).toList();
  }

  private static Loaded.Valid valid(Loaded loaded) {
    assertThat(loaded instanceof Loaded.Invalid invalid ? invalid.faults() : null).isNull();
    return (Loaded.Valid) loaded;
  }
}
