package app.avalo.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the files for containers say of one another, of the configuration and of the JVM. */
class ContainerFilesTest {
  private static final Path DOCKER = Path.of("..", "docker");
  private static final Path PLATFORM = Path.of("..", "routing-config", "avalo");
  private static final Pattern FLAG = Pattern.compile("-X\\S+|\\$JAVA_OPTS");
  private static final Pattern MANDATORY = Pattern.compile("\\$\\{env:(\\w+)}");
  private static final Pattern OPTIONAL = Pattern.compile("\\$\\{env:(\\w+):-");

  private static String docker(String file) throws IOException {
    return Files.readString(DOCKER.resolve(file));
  }

  private static List<String> platformFiles() throws IOException {
    try (Stream<Path> files = Files.list(PLATFORM)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static String platform() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String file : platformFiles()) {
      all.append(Files.readString(PLATFORM.resolve(file)));
    }
    return all.toString();
  }

  private static Set<String> names(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The flags of the JVM, without those that are meant for one run only. */
  private static List<String> flags(String command, String... own) {
    return FLAG.matcher(command)
        .results()
        .map(MatchResult::group)
        .filter(flag -> Stream.of(own).noneMatch(flag::startsWith))
        .toList();
  }

  @Test
  void the_class_cache_is_trained_tried_and_used_with_the_same_flags_and_path() throws IOException {
    String file = docker("Dockerfile");
    String training = file.substring(file.indexOf("RUN timeout"), file.indexOf("java -XX:AOTMode"));
    String trial = file.substring(file.indexOf("java -XX:AOTMode"), file.indexOf("version &&"));
    String entry = file.substring(file.indexOf("ENTRYPOINT"));

    List<String> used = flags(entry, "-XX:AOTCache=", "-Xlog:");
    assertThat(used).containsExactly("$JAVA_OPTS");
    assertThat(flags(training, "-XX:AOTCacheOutput=", "-Xmx")).isEqualTo(used);
    assertThat(flags(trial, "-XX:AOTMode=on", "-XX:AOTCache=")).isEqualTo(used);
    assertThat(file.indexOf("ENV JAVA_OPTS=")).isPositive().isLessThan(file.indexOf(training));
    assertThat(List.of(training.replace("AOTCacheOutput", "AOTCache"), trial, entry))
        .allSatisfy(
            command ->
                assertThat(command)
                    .contains("-XX:AOTCache=/opt/avalo-gateway/avalo-gateway.aot ")
                    .contains("-jar /opt/avalo-gateway/avalo-gateway.jar "));
  }

  @Test
  void what_the_platform_must_be_told_is_said_where_its_secret_is_made() throws IOException {
    Set<String> mandatory = names(MANDATORY, platform());

    assertThat(mandatory).hasSize(5);
    assertThat(docker("README.md")).contains(mandatory);
    assertThat(docker("kubernetes/gateway.yaml")).contains(mandatory);
  }

  @Test
  void what_the_platform_may_be_told_is_in_the_documentation() throws IOException {
    Set<String> optional = names(OPTIONAL, platform());

    assertThat(optional).hasSizeGreaterThan(5);
    assertThat(docker("README.md") + docker("kubernetes/geoip/gateway.yaml")).contains(optional);
  }

  @Test
  void compose_tells_its_gateway_all_that_it_asks_for() throws IOException {
    Set<String> asked = names(MANDATORY, docker("compose/config/gateway.yaml"));
    Set<String> told = names(Pattern.compile("(?m)^ {6}(AVALO_\\w+): "), docker("compose.yaml"));

    assertThat(asked).isNotEmpty();
    assertThat(told).containsAll(asked);
  }

  @Test
  void the_config_map_has_every_file_of_the_platform() throws IOException {
    Pattern listed = Pattern.compile("- \\.\\./\\.\\./routing-config/avalo/(\\S+)");

    assertThat(names(listed, docker("kubernetes/kustomization.yaml")))
        .containsExactlyElementsOf(platformFiles());
  }

  @Test
  void the_gateway_opens_the_geoip_file_that_is_fetched_for_it() throws IOException {
    String component = docker("kubernetes/geoip/gateway.yaml");
    String edition =
        names(Pattern.compile("GEOIPUPDATE_EDITION_IDS, value: ([\\w-]+)"), component)
            .iterator()
            .next();

    assertThat(component)
        .contains("AVALO_GEOIP, value: /usr/share/GeoIP/" + edition + ".mmdb")
        .contains("{name: geoip, mountPath: /usr/share/GeoIP, readOnly: true}");
    assertThat(docker("kubernetes/kustomization.yaml")).contains("components: [geoip]");
  }

  @Test
  void kubernetes_waits_longer_than_the_gateway_takes_to_stop() throws IOException {
    int waits = seconds("terminationGracePeriodSeconds: (\\d+)", docker("kubernetes/gateway.yaml"));

    assertThat(waits).isGreaterThan(seconds("shutdownGrace: (\\d+)s", platform()));
  }

  private static int seconds(String pattern, String text) {
    return Integer.parseInt(names(Pattern.compile(pattern), text).iterator().next());
  }
}
