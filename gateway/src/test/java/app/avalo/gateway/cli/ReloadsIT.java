package app.avalo.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.GatewayProcess;
import app.avalo.gateway.testing.RunningGateway;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration of a real process changes, by every way that operators use. */
class ReloadsIT {
  private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000_000_000L);

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private GatewayProcess gateway;

  @TempDir private Path directory;

  @AfterEach
  void stop() {
    gateway.close();
  }

  private static String saying(String word) {
    return RunningGateway.COMMON
        + """
        regions:
          eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
        routes:
          - {name: word, match: {path: /word}, respond: {contentType: text/plain, body: %s}}
        shutdownGrace: 1s
        """
            .formatted(word);
  }

  private String word() {
    try {
      URI uri = URI.create("http://127.0.0.1:" + gateway.port("plain") + "/word");
      return client
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException | InterruptedException failed) {
      throw new AssertionError(failed);
    }
  }

  private BooleanSupplier says(String word) {
    return () -> word().equals(word);
  }

  /** Whole or not at all, as editors and deployment tools write. */
  private static void replace(Path file, String text) throws IOException {
    Path next = Files.writeString(file.resolveSibling("next"), text);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void a_signal_makes_it_read_again_what_no_attribute_gives_away() throws IOException {
    Path file = Files.writeString(directory.resolve("gateway.yaml"), saying("first"));
    Files.setLastModifiedTime(file, LONG_AGO);
    gateway = GatewayProcess.start("run", file.toString());
    assertThat(word()).isEqualTo("first");
    Path next = Files.writeString(directory.resolve("next"), saying("later"));
    Files.setLastModifiedTime(next, LONG_AGO);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);

    gateway.signal("HUP");

    Awaiting.until(says("later"));
    // Served first, logged second.
    Awaiting.until(() -> gateway.log().contains("cause=\"signal\""));
  }

  @Test
  void an_edited_file_is_taken_over_and_a_bad_one_is_not() throws IOException {
    Path file = Files.writeString(directory.resolve("gateway.yaml"), saying("first"));
    gateway = GatewayProcess.start("run", file.toString());
    assertThat(word()).isEqualTo("first");

    replace(file, saying("second"));
    Awaiting.until(says("second"));

    replace(file, saying("third").replace("index: 0", "index: none"));
    Awaiting.until(() -> gateway.log().contains("configuration refused"));
    assertThat(word()).isEqualTo("second");
    assertThat(gateway.log()).contains("regions.eu.index").contains("gateway.yaml:");

    replace(file, saying("fourth"));
    Awaiting.until(says("fourth"));
  }

  @Test
  void a_config_map_that_swaps_its_link_is_followed() throws IOException {
    Path first = Files.createDirectory(directory.resolve("..2026_01_01"));
    Path second = Files.createDirectory(directory.resolve("..2026_01_02"));
    Files.writeString(first.resolve("gateway.yaml"), saying("first"));
    Files.writeString(second.resolve("gateway.yaml"), saying("second"));
    Path data = Files.createSymbolicLink(directory.resolve("..data"), first.getFileName());
    Files.createSymbolicLink(directory.resolve("gateway.yaml"), Path.of("..data", "gateway.yaml"));
    gateway = GatewayProcess.start("run", directory.toString());
    assertThat(word()).isEqualTo("first");

    Path swapped = Files.createSymbolicLink(directory.resolve("..tmp"), second.getFileName());
    Files.move(swapped, data, StandardCopyOption.ATOMIC_MOVE);

    Awaiting.until(says("second"));
    // Served first, logged second.
    Awaiting.until(() -> gateway.log().contains("cause=\"file\""));
  }
}
