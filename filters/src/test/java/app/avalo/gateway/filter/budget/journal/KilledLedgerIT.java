package app.avalo.gateway.filter.budget.journal;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.budget.journal.Entry.Kind;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that writes the ledger is killed at any moment, again and again. */
class KilledLedgerIT {
  private static final int ROUNDS = 6;

  /**
   * Settles one micro-unit per hold for ever and says how many, in a counter and in lines, without
   * waiting for a disk.
   */
  public static final class Writer {
    private Writer() {}

    public static void main(String[] arguments) throws Exception {
      PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
      FileJournal journal = FileJournal.open(Path.of(arguments[0]));
      Counter counter = journal.counter("ai", "term", "svc");
      long before = Long.parseLong(arguments[1]);
      long id = 0;
      while (true) {
        for (int i = 0; i < 20; i++) {
          id++;
          counter.set(id, 1);
          counter.set(id, 0);
          journal.append(new Entry(Kind.ORDER, "freeze", "ai", "term", "eva", before + id));
        }
        out.println("safe " + id);
      }
    }
  }

  @Test
  void nothingAcknowledgedIsLostAndNothingCountsTwice(@TempDir Path directory) throws Exception {
    SplittableRandom random = new SplittableRandom(11);
    long safe = 0;
    long known = 0;
    for (int round = 0; round < ROUNDS; round++) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xshare:auto",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Writer.class.getName(),
                  directory.toString(),
                  Long.toString(known))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      int lines = 1 + random.nextInt(600);
      long roundSafe = 0;
      try (BufferedReader said =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
        for (String line = said.readLine(); line != null; line = said.readLine()) {
          roundSafe = Long.parseLong(line.substring(line.indexOf(' ') + 1));
          if (--lines == 0) {
            process.toHandle().destroyForcibly(); // leaves its last words readable
          }
        }
      }
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(roundSafe).isPositive();
      // What it appended last before it died was not said yet: one group at most.
      safe = known + roundSafe;
      long ordered;
      try (FileJournal journal = FileJournal.open(directory)) {
        Sheet sheet = journal.recovered("ai", "term");
        known = sheet == null ? 0 : sheet.spent();
        ordered = sheet == null ? 0 : sheet.orders().get("freeze").micros();
      }
      assertThat(known).isBetween(safe, safe + 20);
      assertThat(ordered).isBetween(safe, safe + 20);
    }
  }
}
