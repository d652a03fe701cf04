import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the files of a killed gateway say, read by other means than its own: text, split at tabs.
 */
final class LedgerFiles {
  private static final int LETTER = 9; // behind the checksum and a blank

  private LedgerFiles() {}

  /** Holds that are charged, or will be since nobody settled them; but for refunds. */
  static Set<String> charged(Path directory) throws IOException {
    Set<String> holds = new HashSet<>();
    Set<String> refunds = new HashSet<>();
    List<Path> files;
    try (Stream<Path> found = Files.list(directory)) {
      files = found.filter(file -> file.getFileName().toString().startsWith("budget-")).toList();
    }
    for (Path file : files) {
      for (String line : Files.readString(file, StandardCharsets.ISO_8859_1).split("\n")) {
        String[] fields = line.split("\t");
        if (fields.length == 7 && line.length() > LETTER && fields[0].length() == LETTER + 1) {
          char kind = line.charAt(LETTER);
          if (kind == 'R' || kind == 'S') {
            holds.add(fields[1]);
          }
          if (kind == 'S' && fields[5].equals("0")) {
            refunds.add(fields[1]);
          }
        }
      }
    }
    holds.removeAll(refunds);
    return holds;
  }
}
