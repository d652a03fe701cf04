package app.avalo.gateway.filter.budget.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.budget.journal.Entry.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileJournalTest {
  private static final String TERM = "2026-11.PLN";

  @TempDir Path directory;

  private static Entry entry(Kind kind, String id, long micros) {
    return new Entry(kind, id, "ai", TERM, "svc", micros);
  }

  private long spent() throws IOException {
    return spent(directory);
  }

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

  private static String encoded(Entry entry, long sequence) {
    Text text = new Text();
    entry.writeTo(text, sequence);
    return text.toString();
  }

  @Test
  void entriesSurviveControlCharactersAndSayWhenTheyWereChanged() {
    Entry odd = new Entry(Kind.ADJUST, "a\tb", "x%y", "t\n", "zażółć\u0000", -7);
    String line = encoded(odd, 7);

    assertThat(line).endsWith("\n").doesNotContain("\u0000");
    assertThat(Entry.decode(line.substring(0, line.length() - 1)))
        .isEqualTo(new Entry.Line(7, odd));
    for (int i = 0; i < line.length() - 1; i++) {
      char[] changed = line.substring(0, line.length() - 1).toCharArray();
      changed[i] ^= 1;
      assertThat(Entry.decode(new String(changed))).isNull();
      assertThat(Entry.decode(line.substring(0, i))).isNull();
    }
  }

  @Test
  void aRepeatedOrLateLineChangesNothing() {
    Book book = new Book();
    for (int i = 0; i < 2; i++) {
      book.apply(entry(Kind.COUNTER, "1:1", 100));
      book.apply(entry(Kind.COUNTER, "1:3", 60));
      book.apply(entry(Kind.COUNTER, "1:2", 200));
      book.apply(entry(Kind.ADJUST, "x", 5));
    }

    assertThat(book.sheet("ai", TERM).spent()).isEqualTo(65);
  }

  private static java.util.Map.Entry<String, Long> entry(String label, long micros) {
    return java.util.Map.entry(label, micros);
  }

  @Test
  void labelsAreTheSameMoneySeenOtherwise() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      journal.counter("ai", TERM, "svc").set(65, 0);
      journal.counter("ai", TERM, "region:eu").set(60, 0);
      journal.counter("ai", TERM, "day:08").set(5, 0);
      journal.append(new Entry(Kind.IMPORT, "inv", "ai", TERM, "svc", 7));
      journal.append(new Entry(Kind.IMPORT, "inv", "ai", TERM, "svc", 7));
    }
    for (int open = 0; open < 2; open++) {
      try (FileJournal journal = FileJournal.open(directory)) {
        Sheet sheet = journal.recovered("ai", TERM);
        assertThat(sheet.spent()).isEqualTo(72);
        assertThat(sheet.totals())
            .containsEntry("svc", 65L)
            .containsEntry("region:eu", 60L)
            .containsEntry("day:08", 5L);
      }
    }
  }

  @Test
  void whatOnlyMappedMemoryHoldsCountsOnceWhateverTheFileHasOfIt() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      Counter counter = journal.counter("ai", TERM, "svc");
      for (int i = 0; i < 100; i++) {
        journal.append(entry(Kind.ADJUST, "" + i, 1));
        counter.set(i + 1, 0);
        journal.flush().get();
      }
    }
    byte[] file = Files.readAllBytes(newest());
    byte[] pad = Files.readAllBytes(directory.resolve("budget-ledger.pad"));
    byte[] counters = Files.readAllBytes(directory.resolve("budget-ledger.counters"));
    Path ledger = newest();
    for (int cut = file.length; cut > 100; cut -= 997) {
      for (Path each : Files.list(directory).toList()) {
        Files.delete(each);
      }
      Files.write(ledger, Arrays.copyOf(file, cut));
      Files.write(directory.resolve("budget-ledger.pad"), pad);
      Files.write(directory.resolve("budget-ledger.counters"), counters);

      assertThat(spent()).as("cut at %d", cut).isEqualTo(200);
      assertThat(spent()).as("again").isEqualTo(200);
    }
  }

  @Test
  void theLatestPeriodsStayWhateverCameLast() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      for (String day : List.of("05", "06", "02", "03")) {
        journal.counter("ai", "2026-11-" + day + ".PLN", "svc").set(100, 0);
      }
    }
    for (int open = 0; open < 2; open++) {
      try (FileJournal journal = FileJournal.open(directory)) {
        assertThat(journal.recovered("ai", "2026-11-06.PLN").spent()).isEqualTo(100);
      }
    }
  }

  @Test
  void everyLineTwiceMoreInAnyOrderChangesNothing() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      Counter counter = journal.counter("ai", TERM, "svc");
      for (int i = 1; i <= 100; i++) {
        journal.append(entry(Kind.ADJUST, "invoice " + i % 10, 50));
        counter.set(7 * i, 0);
        journal.flush().get();
      }
    }
    List<String> lines = new ArrayList<>(Files.readAllLines(newest()));
    List<String> again = new ArrayList<>(lines.subList(1, lines.size()));
    again.addAll(lines.subList(1, lines.size()));
    Collections.shuffle(again, new java.util.Random(4));
    lines.addAll(again);
    Files.delete(directory.resolve("budget-ledger.pad"));
    Files.delete(directory.resolve("budget-ledger.counters"));
    Files.writeString(newest(), String.join("\n", lines) + "\n");

    assertThat(spent()).isEqualTo(100 * 7 + 10 * 50);
  }

  @Test
  void holdsOfAnEarlierReleaseAreChargedAtWhatWasHeldLast() {
    Book book = new Book();
    book.apply(entry(Kind.RESERVE, "1", 100));
    book.apply(entry(Kind.RESERVE, "1", 100));
    book.apply(entry(Kind.RESERVE, "2", 100));
    book.apply(entry(Kind.EXTEND, "2", 250));
    book.apply(entry(Kind.EXTEND, "unknown", 9));
    book.apply(entry(Kind.RESERVE, "3", 100));
    book.apply(new Entry(Kind.SETTLE, "3", "ai", TERM, "svc|tier:vip", 30));
    book.apply(entry(Kind.SETTLE, "1", 30));
    book.apply(entry(Kind.SETTLE, "1", 30));
    book.chargeOpen();

    assertThat(book.sheet("ai", TERM).totals())
        .containsOnly(entry("svc", 310), entry("tier:vip", 30));
  }

  @Test
  void aLedgerOfAnEarlierReleaseIsRead() {
    Entry old = entry(Kind.SETTLE, "1", 60);
    String seven = encoded(old, 9);
    String payload = seven.substring(9, seven.lastIndexOf('\t'));
    var crc = new java.util.zip.CRC32C();
    crc.update(payload.getBytes(java.nio.charset.StandardCharsets.UTF_8));

    Entry.Line line = Entry.decode(String.format("%08x %s", crc.getValue(), payload));

    assertThat(line).isEqualTo(new Entry.Line(0, old));
  }

  @Test
  void cutAnywhereItKeepsEverythingBeforeTheCut(@TempDir Path copy) throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      Counter counter = journal.counter("ai", TERM, "svc");
      for (int i = 1; i <= 100; i++) {
        counter.set(i, 0);
        journal.flush().get(); // a line each
      }
    }
    Path file = newest();
    byte[] whole = Files.readAllBytes(file);
    long snapshotEnd =
        new String(whole, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("\n");
    SplittableRandom random = new SplittableRandom(7);
    for (int round = 0; round < 60; round++) {
      int cut = (int) random.nextLong(snapshotEnd + 1, whole.length + 1L);
      byte[] kept = Arrays.copyOf(whole, cut);
      // A line is whole without its line feed too.
      String end = cut < whole.length && whole[cut] == '\n' ? "\n" : "";
      String text = new String(kept, java.nio.charset.StandardCharsets.ISO_8859_1) + end;
      long lines = lines(text, " K\t");
      Path at = Files.createDirectory(copy.resolve("" + round));
      Files.write(at.resolve(file.getFileName()), kept); // without the pad, as from a backup

      try (FileJournal journal = FileJournal.open(at)) {
        Sheet sheet = journal.recovered("ai", TERM);
        long spent = sheet == null ? 0 : sheet.spent();
        assertThat(spent).as("cut at %d", cut).isEqualTo(lines);
      }
    }
  }

  private static long lines(String text, String kind) {
    return Arrays.stream(text.substring(0, text.lastIndexOf('\n') + 1).split("\n"))
        .filter(line -> line.startsWith(kind, 8))
        .count();
  }

  @Test
  void aCorruptFileIsSetAsideAndTheLastGoodStateKept() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      journal.counter("ai", TERM, "svc").set(30, 0);
    }
    assertThat(spent()).isEqualTo(30);
    byte[] garbage = new byte[200_000];
    new java.util.Random(3).nextBytes(garbage);
    Files.write(newest(), garbage);

    assertThat(spent()).isEqualTo(30);
    assertThat(directory.toFile().list()).anyMatch(name -> name.endsWith(".corrupt"));
    assertThat(spent()).isEqualTo(30);
  }

  @Test
  void allFilesCorruptStillStarts() throws Exception {
    Files.writeString(directory.resolve("budget-ledger.0000000004"), "not a ledger");
    Files.writeString(directory.resolve("replica"), "?");

    assertThat(spent()).isZero();
  }

  @Test
  void manyEntriesRotateIntoASnapshot() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      Counter counter = journal.counter("ai", TERM, "svc");
      for (int i = 1; i <= 5_000; i++) {
        journal.append(new Entry(Kind.ORDER, "freeze", "ai", TERM, "n".repeat(4000), i));
        counter.set(i, 0);
        if (i % 500 == 0) {
          journal.flush().get();
        }
      }
    }

    assertThat(newest().getFileName().toString()).isNotEqualTo("budget-ledger.0000000001");
    assertThat(spent()).isEqualTo(5_000);
  }

  @Test
  void aDirectoryHasOneOwner() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      assertThatThrownBy(() -> FileJournal.open(directory))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another process");
      assertThat(journal.replica()).hasSize(16);
    }
    String name = FileJournalTest.name(directory);
    assertThat(FileJournalTest.name(directory)).isEqualTo(name);
  }

  private static String name(Path directory) throws IOException {
    try (FileJournal journal = FileJournal.open(directory)) {
      return journal.replica();
    }
  }

  @Test
  void aLedgerLargerThanItMayGrowIsNotWrittenAnewForEachLine() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      for (int i = 0; i < 2_400; i++) {
        journal.append(new Entry(Kind.ORDER, "o" + i, "ai", TERM, "n".repeat(4000), i));
      }
      journal.flush().get();
      String before = newest().getFileName().toString();
      for (int i = 0; i < 10; i++) {
        journal.append(entry(Kind.ADJUST, "" + i, 1));
        journal.flush().get();
      }

      assertThat(newest()).hasFileName(before);
    }
    assertThat(spent()).isEqualTo(10);
  }

  private List<Boolean> recovered(String budget, String... terms) throws IOException {
    try (FileJournal journal = FileJournal.open(directory)) {
      return Arrays.stream(terms).map(term -> journal.recovered(budget, term) != null).toList();
    }
  }

  @Test
  void noPeriodThatMayStillRunIsForgottenWhateverAReloadChanged() throws Exception {
    String[] running = {TERM, "2026-11.EUR", "2026-11-28.PLN", "2026-11-28.EUR"};
    String[] over = {"2026-10.PLN", "2026-09.PLN"};
    try (FileJournal journal = FileJournal.open(directory)) {
      for (String term : running) {
        journal.counter("ai", term, "svc").set(100, 0);
        journal.counter("users@" + term, term, "svc").set(100, 0);
      }
      for (String term : over) {
        journal.counter("ai", term, "svc").set(100, 0);
        journal.counter("users@" + term, term, "svc").set(100, 0);
      }
    }
    assertThat(spent()).isEqualTo(100); // and a snapshot was made

    assertThat(recovered("ai", running)).containsOnly(true);
    assertThat(recovered("ai", over)).containsExactly(true, false);
    for (String term : running) {
      assertThat(recovered("users@" + term, term)).as(term).containsOnly(true);
    }
    assertThat(recovered("users@2026-10.PLN", over)).containsOnly(false);
  }

  @Test
  void aCounterThatCannotBeReadStopsNeitherTheOthersNorTheWriter() throws Exception {
    java.nio.ByteBuffer memory = java.nio.ByteBuffer.allocateDirect(Slot.BYTES);
    memory.order(java.nio.ByteOrder.LITTLE_ENDIAN);
    Slot slot = new Slot(memory, 0, false);
    Slot.Name name = new Slot.Name("ai", TERM, "svc");
    try (FileJournal journal = FileJournal.open(directory)) {
      slot.begin(1_000_000, name);
      FileCounter counter = new FileCounter(journal, slot, 1_000_000, name);
      Slot.write(slot.memory(), slot.at(), 1_000_000, 1, 70, 0);
      memory.limit(0); // as a page of which the disk is gone
      journal.changed(counter);
      journal.append(entry(Kind.ADJUST, "x", 5));
      assertThatThrownBy(() -> journal.flush().get(5, TimeUnit.SECONDS))
          .hasCauseInstanceOf(IndexOutOfBoundsException.class);
      assertThat(journal.failing()).isTrue();

      memory.limit(Slot.BYTES);
      journal.flush().get(5, TimeUnit.SECONDS);

      assertThat(journal.failing()).isFalse();
    }
    assertThat(spent()).isEqualTo(75);
  }

  @Test
  void aFullDiskIsSaidAndMadeUpForOnceThereIsSpace() throws Exception {
    try (FileJournal journal = FileJournal.open(directory)) {
      Path next = directory.resolve("budget-ledger.0000000002.draft");
      Files.createSymbolicLink(next, Path.of("/dev/full")); // as large as can be, and no space
      for (int i = 0; i < 2_400; i++) {
        journal.append(new Entry(Kind.ORDER, "o", "ai", TERM, "n".repeat(4000), i));
      }
      journal.append(entry(Kind.ADJUST, "x", 5));
      assertThatThrownBy(() -> journal.flush().get(5, TimeUnit.SECONDS))
          .hasCauseInstanceOf(IOException.class)
          .hasMessageContaining("No space left on device");
      assertThat(journal.failing()).isTrue();

      Files.delete(next);
      journal.flush().get(5, TimeUnit.SECONDS);

      assertThat(journal.failing()).isFalse();
    }
    assertThat(spent()).isEqualTo(5);
  }
}
