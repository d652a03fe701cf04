package app.avalo.gateway.filter.pin.cell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.pin.cell.MapStore.Outcome;
import app.avalo.gateway.filter.pin.cell.MapStore.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalMapStoreTest {
  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("cells-wallet.map");
  }

  private LocalMapStore open() throws IOException {
    return LocalMapStore.open(file, Runnable::run, Runnable::run);
  }

  private static Reading read(LocalMapStore store) {
    List<Reading> answers = new ArrayList<>();
    store.beat("g", "w", Stamp.NONE, answers::add);
    return answers.get(0);
  }

  private static Outcome commit(LocalMapStore store, long version, Map<String, String> fields) {
    List<Outcome> answers = new ArrayList<>();
    store.commit(read(store).stamp(), version, fields, "why " + version, answers::add);
    return answers.get(0);
  }

  @Test
  void whatWasCommittedSurvivesARestartAsAnotherLife() throws IOException {
    LocalMapStore first = open();
    commit(first, 5, Map.of("c:0:1", "327681|5|-1", "f", "5|true"));
    commit(first, 6, Map.of("c:0:2", "393217|6|-1"));

    LocalMapStore second = open();

    assertThat(read(second).fields())
        .containsOnly(
            Map.entry("c:0:1", "327681|5|-1"),
            Map.entry("f", "5|true"),
            Map.entry("c:0:2", "393217|6|-1"));
    assertThat(read(second).stamp().version()).isEqualTo(6);
    assertThat(read(second).stamp().incarnation()).isNotEqualTo(read(first).stamp().incarnation());
    List<List<String>> notes = new ArrayList<>();
    second.history(10, notes::add);
    assertThat(notes.get(0)).containsExactly("why 6", "why 5");
  }

  @Test
  void aFileThatIsNotAMapIsNotOverwritten() throws IOException {
    Files.writeString(file, "somebody else's\n");

    assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("move it");
    assertThat(Files.readString(file)).isEqualTo("somebody else's\n");
  }

  @Test
  void aCommitThatTheDiskRefusesIsNotCalledDone() throws IOException {
    LocalMapStore store = open();
    Files.createDirectory(directory.resolve("cells-wallet.map.new"));

    assertThat(commit(store, 2, Map.of("f", "2|true"))).isEqualTo(Outcome.UNKNOWN);
  }
}
