package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.explain;
import static app.avalo.gateway.situation.Answers.servedBy;
import static app.avalo.gateway.situation.Answers.steps;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.geo.MmdbWriter;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a caller is: the operator's ranges, then a trusted header, then the database. */
class PlaceIT {
  /** Tokyo for the database; nobody else knows it. */
  private static final String UNLISTED = "8.8.4.4";

  /** In the ranges Berlin, in the database Tokyo. */
  private static final String LISTED = ThreeRegions.BERLIN;

  @TempDir private Path directory;
  private final ThreeRegions regions = new ThreeRegions();
  private Path database;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    database = directory.resolve("city.mmdb");
    cityDatabase().write(database);
    gateway = RunningGateway.start(sections());
  }

  private static MmdbWriter cityDatabase() {
    return MmdbWriter.city()
        .city("8.8.0.0/16", "JP", 35.7, 139.7)
        .city("192.0.2.0/24", "JP", 35.7, 139.7)
        .city("2001:db8::/32", "JP", 35.7, 139.7);
  }

  private String sections() {
    return ThreeRegions.PLACES
            .replace("placing:", "placing:\n  order: [us, eu, asia]\n  header: X-Country")
            .replace("  order", "  database: \"" + database + "\"\n  order")
        + """
        services:
          feed: {%s}
        routes:
          - {name: all, match: {path: {prefix: /}}, service: feed}
        """
            .formatted(regions.everywhere());
  }

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  @Test
  void ranges_beat_the_header_and_the_header_beats_the_database() {
    assertThat(from(UNLISTED)).as("database").isEqualTo("asia");
    assertThat(from(UNLISTED, "X-Country", "DE")).as("header").isEqualTo("eu");
    assertThat(from(LISTED, "X-Country", "US")).as("ranges").isEqualTo("eu");
    assertThat(from("127.9.9.9")).as("static order").isEqualTo("us");
  }

  @Test
  void the_same_address_in_its_other_spelling_is_in_the_same_place() {
    assertThat(from("::ffff:" + UNLISTED)).isEqualTo("asia");
    assertThat(from("::ffff:" + LISTED)).isEqualTo("eu");
    assertThat(from("2001:db8::1")).isEqualTo("asia");
  }

  @Test
  void only_the_address_before_the_trusted_hops_counts() {
    assertThat(from(UNLISTED + ", " + LISTED)).as("spoofed before the real one").isEqualTo("eu");
    assertThat(from(LISTED + ", 127.0.0.5")).as("through two trusted hops").isEqualTo("eu");
    assertThat(from("not an address")).as("nonsense").isEqualTo("us");
  }

  @Test
  void nobody_believes_a_client_that_is_no_trusted_hop() throws IOException {
    gateway.close();
    gateway =
        RunningGateway.startExactly(
            RunningGateway.COMMON.replace(
                    "127.0.0.0/8", InetAddress.getByName("10.9.8.7").getHostAddress())
                + sections());

    assertThat(from(LISTED, "X-Country", "DE")).isEqualTo("us");
  }

  @Test
  void a_corrupt_file_leaves_the_last_good_database_in_use() throws IOException {
    assertThat(from(UNLISTED)).isEqualTo("asia");
    Files.writeString(database, "this is not a database");
    var watch = gateway.gateway().shared().database();
    watch.poll();

    assertThat(watch.status().fault()).isNotNull();
    assertThat(from(UNLISTED)).isEqualTo("asia");

    MmdbWriter.city().city("8.8.0.0/16", "DE", 52.5, 13.4).write(database);
    watch.poll();
    assertThat(watch.status().fault()).isNull();
    assertThat(from(UNLISTED)).as("a good one again").isEqualTo("eu");
  }

  @Test
  void without_any_good_database_everybody_is_served_in_the_static_order() throws IOException {
    gateway.close();
    Files.writeString(database, "this is not a database");
    gateway = RunningGateway.start(sections());

    assertThat(from(UNLISTED)).isEqualTo("us");
    assertThat(from(LISTED)).isEqualTo("eu");
    assertThat(steps(explain(gateway, "GET", "/", UNLISTED), "place").get(0).verdict())
        .isEqualTo("country unknown");
  }

  private String from(String forwardedFor, String... more) {
    String[] headers = new String[more.length + 2];
    headers[0] = "X-Forwarded-For";
    headers[1] = forwardedFor;
    System.arraycopy(more, 0, headers, 2, more.length);
    return servedBy(gateway.get("/", headers));
  }
}
