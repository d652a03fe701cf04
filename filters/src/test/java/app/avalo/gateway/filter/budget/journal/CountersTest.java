package app.avalo.gateway.filter.budget.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of counters when their process is killed, the power fails or the disk does. */
class CountersTest {
  private static final String TERM = "2026-11.PLN";

  @TempDir Path directory;
  @TempDir Path copies;

  private static long spent(Path directory) throws IOException {
    try (FileJournal journal = FileJournal.open(directory)) {
      Sheet sheet = journal.recovered("ai", TERM);
      return sheet == null ? 0 : sheet.spent();
    }
  }

  private Path newest() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().matches("budget-ledger\\.\\d+"))
          .sorted()
          .reduce((a, b) -> b)
          .orElseThrow();
    }
  }

  /** What a process that is killed now would leave. */
  private Path killed(Path copies) throws IOException {
    Path copy = Files.createTempDirectory(copies, "killed-");
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }

  private static Map.Entry<String, Long> entry(String label, long micros) {
    return Map.entry(label, micros);
  }

  @Test
  void whatAKilledProcessHeldIsChargedOnce() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      Counter counter = journal.counter("ai", TERM, "svc");
      counter.set(100, 100);
      counter.set(200, 200);
      counter.set(130, 100);
      Path copy = killed(copies);

      assertThat(spent(copy)).isEqualTo(130);
      assertThat(spent(copy)).isEqualTo(130);
    }
  }

  @Test
  void everyChangeOfACounterIsKnownAfterAKill() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      Counter counter = journal.counter("ai", TERM, "svc");
      Counter other = journal.counter("ai", TERM, "tier:vip");
      for (int i = 1; i <= 20; i++) {
        counter.set(i, 0);
        other.set(2 * i, 0);
        if (i % 3 == 0) {
          journal.flush().get(); // in the file as well
        }
        try (FileJournal after = FileJournal.open(killed(copies))) {
          assertThat(after.recovered("ai", TERM).totals())
              .containsOnly(entry("svc", i), entry("tier:vip", 2 * i));
        }
      }
    }
  }

  @Test
  void countersThatAreOlderThanTheFileAsAfterALossOfPowerChangeNothing() throws Exception {
    Path counters = directory.resolve("budget-ledger.counters");
    try (FileJournal journal = FileJournal.open(directory)) {
      Counter counter = journal.counter("ai", TERM, "svc");
      counter.set(500, 500);
      journal.flush().get();
      Path old = killed(copies);
      counter.set(300, 0);
      journal.flush().get();
      Path copy = killed(copies);
      Files.copy(
          old.resolve(counters.getFileName()),
          copy.resolve(counters.getFileName()),
          StandardCopyOption.REPLACE_EXISTING);

      assertThat(spent(copy)).isEqualTo(300);
    }
  }

  @Test
  void aDamagedCounterCountsAsLastWritten() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      Counter counter = journal.counter("ai", TERM, "svc");
      counter.set(300, 0);
      journal.flush().get();
      counter.set(400, 0);
      Path copy = killed(copies);
      Path counters = copy.resolve("budget-ledger.counters");
      byte[] bytes = Files.readAllBytes(counters);
      for (int at = 0; at < 128; at++) {
        byte[] damaged = bytes.clone();
        damaged[at] ^= 0x40;
        Path other = Files.createDirectory(copies.resolve("" + at));
        Files.copy(newest(), other.resolve(newest().getFileName()));
        Files.write(other.resolve("budget-ledger.counters"), damaged);

        assertThat(spent(other)).as("byte %d", at).isIn(300L, 400L);
      }
    }
  }

  @Test
  void endedCountersLeaveTheirPlacesAndWhatTheyCounted() throws Exception {
    long largest = 0;
    try (FileJournal journal = FileJournal.open(directory)) {
      for (int i = 0; i < 20; i++) {
        List<Counter> counters = new ArrayList<>();
        for (int c = 0; c < 500; c++) {
          counters.add(journal.counter("ai", TERM, "svc-" + c));
          counters.get(c).set(1, 0);
        }
        counters.forEach(Counter::end);
        counters.forEach(Counter::end);
        journal.flush().get();
        largest = Files.size(directory.resolve("budget-ledger.counters"));
        assertThat(spent(killed(copies))).isEqualTo((i + 1) * 500);
      }
    }

    assertThat(largest).isLessThanOrEqualTo(4 << 20); // 500 at a time, not 10,000
    assertThat(spent(directory)).isEqualTo(10_000);
  }

  @Test
  void moreCountersThanHaveRoomMakeTheFileLonger() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      for (int c = 0; c < 9_000; c++) {
        journal.counter("ai", TERM, "svc-" + c).set(c, 0);
        if (c % 1_000 == 0) {
          journal.flush().get(); // 4,096 are kept free, by the writer
        }
      }

      assertThat(spent(killed(copies))).isEqualTo(9_000L * 8_999 / 2);
    }
  }

  @Test
  void countersCountHoweverLargeTheirFile() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      journal.counter("ai", TERM, "svc").set(300, 0);
      Path copy = killed(copies);
      Path counters = copy.resolve("budget-ledger.counters");
      try (RandomAccessFile file = new RandomAccessFile(counters.toFile(), "rw")) {
        byte[] slot = new byte[Slot.BYTES];
        file.readFully(slot);
        file.seek(0);
        file.write(new byte[Slot.BYTES]);
        file.seek(5L << 28); // a hole before it
        file.write(slot);
      }

      assertThat(spent(copy)).isEqualTo(300);
    }
  }

  @Test
  void whatIsForgottenCountsNoMoreAndWhatFollowsDoes() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      for (int round = 1; round <= 20; round++) {
        Counter counter = journal.counter("ai", TERM, "svc");
        counter.set(100, 0);
        if (round % 2 == 0) {
          journal.flush().get();
        }
        counter.end();
        journal.forget("ai");
        assertThat(spent(killed(copies))).as("round %d", round).isZero();

        Counter next = journal.counter("ai", TERM, "svc");
        next.set(round, 0);
        assertThat(spent(killed(copies))).as("round %d", round).isEqualTo(round);
        if (round % 3 == 0) {
          journal.flush().get();
          assertThat(spent(killed(copies))).as("round %d", round).isEqualTo(round);
        }
        next.end();
        journal.forget("ai");
      }
      assertThat(journal.recovered("ai", TERM)).isNull();
    }
    assertThat(spent(directory)).isZero();
  }
}
