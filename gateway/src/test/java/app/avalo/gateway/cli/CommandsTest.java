package app.avalo.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Each command as it is typed: what it prints where, and its exit code. */
class CommandsTest {
  private static final String DEMO = "../routing-config/demo";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path directory;

  private int execute(String... arguments) {
    CommandLine line = AvaloGateway.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  private Path broken() throws IOException {
    return Files.writeString(
        directory.resolve("broken.yaml"),
        Files.readString(Path.of(DEMO, "gateway.yaml"))
            .replace("attempt: 800ms", "attempt: fast")
            .replace("name: avalo-demo", "nmae: avalo-demo"));
  }

  @Test
  void help_of_every_command_is_the_published_one() throws IOException {
    for (String command :
        new String[] {
          "", "run", "demo", "check", "explain", "report", "costs", "schema", "version"
        }) {
      String[] arguments = command.isEmpty() ? new String[] {"-h"} : new String[] {command, "-h"};
      out.append("$ avalo-gateway ").append(String.join(" ", arguments)).append('\n');
      assertThat(execute(arguments)).isZero();
      out.append('\n');
    }

    assertThat(out.toString().lines())
        .containsExactlyElementsOf(Files.readAllLines(Path.of("src/test/resources/cli/help.txt")));
  }

  @Test
  void without_a_command_it_says_what_there_is() {
    assertThat(execute()).isZero();
    assertThat(out.toString()).contains("Commands:", "Exit codes:", "Examples:");
  }

  @Test
  void an_unknown_command_is_answered_in_two_lines() {
    assertThat(execute("rnu")).isEqualTo(Failure.USAGE);
    assertThat(err.toString().lines()).hasSizeBetween(2, 3);
    assertThat(err.toString()).contains("rnu", "See `avalo-gateway --help`.");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void check_counts_what_a_good_configuration_holds() {
    assertThat(execute("check", DEMO)).isZero();
    assertThat(out.toString())
        .matches("\\.\\./routing-config/demo: ok, 3 regions, \\d+ services, \\d+ routes\\R");
  }

  @Test
  void check_prints_every_fault_with_its_place() throws IOException {
    Path broken = broken();

    assertThat(execute("check", DEMO, broken.toString())).isEqualTo(Failure.FAULTS);

    assertThat(out.toString().lines().filter(line -> line.startsWith(broken + ":")))
        .hasSizeGreaterThanOrEqualTo(2)
        .anyMatch(line -> line.matches(".*:\\d+:\\d+: .*nmae.*"))
        .anyMatch(line -> line.matches(".*:\\d+:\\d+: defaults.timeouts.attempt: fast .*"));
    assertThat(out.toString()).contains("demo: ok");
  }

  @Test
  void run_refuses_a_broken_configuration_with_its_faults_and_nothing_else() throws IOException {
    Path broken = broken();

    assertThat(execute("run", broken.toString())).isEqualTo(Failure.FAULTS);

    assertThat(err.toString().lines()).allMatch(line -> line.startsWith(broken + ":"));
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void run_refuses_a_file_that_is_not_there() {
    assertThat(execute("run", directory.resolve("none.yaml").toString())).isEqualTo(Failure.FAULTS);
    assertThat(err.toString()).contains("no such file");
  }

  @Test
  void run_checks_its_options() {
    assertThat(execute("run", DEMO, "--loops", "0")).isEqualTo(Failure.USAGE);
    assertThat(execute("run", DEMO, "--notice", "soon")).isEqualTo(Failure.USAGE);
    assertThat(execute("run", DEMO, "--transport", "pigeon")).isEqualTo(Failure.USAGE);
    assertThat(err.toString())
        .contains("--loops 0 (expected from 1 to 256)", "--notice soon (expected", "pigeon");
  }

  @Test
  void explain_decides_from_a_file() {
    assertThat(execute("explain", DEMO, "GET", "http://localhost/feed", "--client", "198.51.100.1"))
        .isZero();
    assertThat(out.toString())
        .startsWith("GET localhost/feed from 198.51.100.1")
        .contains("= forwarded to feed in us");
  }

  @Test
  void explain_takes_a_region_for_lost() {
    execute("explain", DEMO, "GET", "/feed", "--client", "198.51.100.1", "--out", "us", "--json");

    JsonObject explained = new JsonObject(out.toString());
    assertThat(explained.getString("outcome")).isEqualTo("forwarded");
    assertThat(explained.getString("region")).isEqualTo("asia");
  }

  @Test
  void explain_knows_who_asks_by_a_header() {
    execute("explain", DEMO, "GET", "/me", "-H", "X-Api-Key: demo-maria-key-not-secret", "--json");

    assertThat(new JsonObject(out.toString()).getString("user")).isEqualTo("maria");
  }

  @Test
  void explain_shows_a_refusal_as_what_it_is() {
    assertThat(execute("explain", DEMO, "GET", "http://localhost/me")).isZero();
    assertThat(out.toString()).contains("= answered by the gateway with 401");
  }

  @Test
  void explain_says_what_it_cannot_use() throws IOException {
    assertThat(execute("explain", DEMO, "GET")).isEqualTo(Failure.USAGE);
    assertThat(execute("explain", DEMO, "GET", "/feed", "--out", "mars")).isEqualTo(Failure.USAGE);
    assertThat(execute("explain", DEMO, "GET", "/feed", "--client", "me")).isEqualTo(Failure.USAGE);
    assertThat(execute("explain", DEMO, "GET", "/feed", "-H", "x")).isEqualTo(Failure.USAGE);
    assertThat(execute("explain", DEMO, "GET", "nonsense")).isEqualTo(Failure.USAGE);
    assertThat(execute("explain", DEMO, "GET", "http://a b/")).isEqualTo(Failure.USAGE);
    assertThat(execute("explain", broken().toString(), "GET", "/feed")).isEqualTo(Failure.FAULTS);
    assertThat(err.toString())
        .contains("expected PATH METHOD URL", "--out mars (expected one of eu, us, asia)")
        .contains("--client me (expected an IPv4 or IPv6 address)", "-H 'x' (expected Name: value)")
        .contains("url: nonsense (expected a URL such as http://host/path, or a path)")
        .contains("host: a b (expected a host name)");
  }

  @Test
  void explain_says_that_nobody_listens_there() {
    assertThat(execute("explain", "--admin", "http://127.0.0.1:1", "GET", "/feed"))
        .isEqualTo(Failure.CANNOT_START);
    assertThat(err.toString()).startsWith("http://127.0.0.1:1 does not answer").hasLineCount(1);
  }

  @Test
  void schema_is_json() {
    assertThat(execute("schema")).isZero();
    assertThat(new JsonObject(out.toString()).getString("$schema")).contains("json-schema");
  }

  @Test
  void version_names_the_program_and_java() {
    assertThat(execute("version")).isZero();
    assertThat(out.toString()).startsWith("avalo-gateway ").contains("Java ");
  }

  @Test
  void a_start_that_fails_is_one_line() {
    assertThat(Failure.of(new IOException("listener plain on 127.0.0.1:80: taken")).getMessage())
        .isEqualTo("cannot start: listener plain on 127.0.0.1:80: taken");
    assertThat(Failure.of(new NoSuchFileException("/none")).getMessage())
        .isEqualTo("cannot start: /none: no such file or directory, nor can it be made");
    assertThat(Failure.of(new IllegalStateException("a\nb")).getMessage())
        .isEqualTo("cannot start: java.lang.IllegalStateException: a b");
    assertThat(Failure.of(new IOException("x")).code()).isEqualTo(Failure.CANNOT_START);
  }
}
