import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the files of a killed gateway say, read by other means than its own: lines of text, split at
 * tabs, and slots of 512 bytes.
 */
final class LedgerFiles {
  private static final int LETTER = 9; // behind the checksum and a blank
  private static final int FIELDS = 7;
  private static final int SLOT = 512;
  private static final int COPY = 32;
  private static final int NUMBER = 64;
  private static final int NAME = 80;

  private final Map<String, Long> spent = new HashMap<>(); // by budget
  private final Map<Long, long[]> counters = new HashMap<>(); // version and micro-units by number

  private LedgerFiles() {}

  /** Micro-units spent and held by budget: what a gateway that starts with these files has spent. */
  static Map<String, Long> spent(Path directory) throws IOException {
    LedgerFiles ledger = new LedgerFiles();
    List<Path> files;
    try (Stream<Path> found = Files.list(directory)) {
      files =
          found
              .filter(file -> file.getFileName().toString().matches("budget-ledger\\.\\d{10}"))
              .sorted(Comparator.reverseOrder())
              .toList();
    }
    if (!files.isEmpty()) {
      ledger.lines(Files.readString(files.get(0), StandardCharsets.ISO_8859_1));
    }
    Path slots = directory.resolve("budget-ledger.counters");
    if (Files.exists(slots)) {
      ledger.slots(ByteBuffer.wrap(Files.readAllBytes(slots)).order(ByteOrder.LITTLE_ENDIAN));
    }
    return ledger.spent;
  }

  private void lines(String text) {
    String whole = text.substring(0, text.lastIndexOf('\n') + 1);
    for (String line : whole.split("\n")) {
      String[] fields = line.split("\t");
      if (fields.length == FIELDS) {
        long micros = Long.parseLong(fields[5]);
        switch (line.charAt(LETTER)) {
          case 'T' -> charge(fields[2], fields[4], micros);
          case 'P' -> counters.put(number(fields[1]), new long[] {version(fields[1]), micros});
          case 'K' -> count(number(fields[1]), version(fields[1]), fields[2], fields[4], micros);
          default -> {}
        }
      }
    }
  }

  private static long number(String id) {
    return Long.parseLong(id.substring(0, id.indexOf(':')));
  }

  private static long version(String id) {
    return Long.parseLong(id.substring(id.indexOf(':') + 1));
  }

  private void slots(ByteBuffer memory) {
    for (int at = 0; at < memory.limit(); at += SLOT) {
      long number = memory.getLong(at + NUMBER);
      int copy = memory.getLong(at) > memory.getLong(at + COPY) ? at : at + COPY;
      if (number != 0) {
        byte[] name = new byte[memory.getInt(at + NUMBER + Long.BYTES)];
        memory.get(at + NAME, name);
        String[] fields = new String(name, StandardCharsets.UTF_8).split("\t");
        count(
            number,
            memory.getLong(copy),
            fields[2],
            fields[1],
            memory.getLong(copy + Long.BYTES));
      }
    }
  }

  private void count(long number, long version, String budget, String label, long micros) {
    long[] last = counters.getOrDefault(number, new long[2]);
    if (version > last[0]) {
      charge(budget, label, micros - last[1]);
      counters.put(number, new long[] {version, micros});
    }
  }

  private void charge(String budget, String label, long micros) {
    if (label.indexOf(':') < 0) {
      spent.merge(budget, micros, Long::sum);
    }
  }
}
