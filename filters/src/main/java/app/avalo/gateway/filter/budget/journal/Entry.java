package app.avalo.gateway.filter.budget.journal;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One line of the ledger.
 *
 * @param kind what happened
 * @param id of the counter, the correction, the notice or the hour; empty where the kind has none
 * @param budget name of the budget
 * @param term key of the budget's period, {@code 2026-11.PLN}
 * @param subject the service or other label charged, of earlier releases several, separated by
 *     {@code |}; for a correction who made it and why
 * @param micros amount in micro-units; for {@link Kind#LEVEL} a level, for {@link Kind#FORGET} the
 *     number of a counter
 */
public record Entry(Kind kind, String id, String budget, String term, String subject, long micros) {
  private static final int FIELDS = 7;

  /** What a line says; the letters are part of the file format. */
  public enum Kind {
    /** A counter stands at this; its id is its number, a colon and the version of its state. */
    COUNTER('K'),
    /** An operator or an invoice corrected the money spent. */
    ADJUST('A'),
    /** A cost of this service was imported. */
    IMPORT('I'),
    /** An operator's order with this id holds until so many milliseconds since 1970. */
    ORDER('O'),
    /** An operator raised the amount for this period. */
    RAISE('U'),
    /** Operators were told of this id. */
    TOLD('N'),
    /** An hour is over: its number since 1970, who asked, and for how much. */
    HOUR('H'),
    /** The store that replicas share knows of a budget: its counters up to this one are over. */
    FORGET('F'),
    /** Of the money spent this was found to be known to that store alone. */
    ADD('D'),
    /** Snapshot: money that a service spent so far. */
    TOTAL('T'),
    /** Snapshot: up to this state a counter is in the totals. */
    MARK('P'),
    /** Snapshot: complete, with this many lines before it. */
    END('Z'),

    // Written by earlier releases.
    /** A hold was made. */
    RESERVE('R'),
    /** A hold was made to hold this in all. */
    EXTEND('E'),
    /** A hold ended with this true cost. */
    SETTLE('S'),
    /** Operators were told of this level. */
    LEVEL('L'),
    /** Snapshot: holds settled so far. */
    COUNT('C');

    private static final Kind[] ALL = values();
    private final char letter;

    Kind(char letter) {
      this.letter = letter;
    }

    private static @Nullable Kind of(String letter) {
      for (Kind kind : ALL) {
        if (letter.length() == 1 && letter.charAt(0) == kind.letter) {
          return kind;
        }
      }
      return null;
    }
  }

  /**
   * An entry and its place in the ledger.
   *
   * @param sequence grows by one with every line; 0 for counters, whose state has a version, and in
   *     files of earlier releases
   */
  record Line(long sequence, Entry entry) {}

  /** The service of an imported cost; behind it stand who and why. */
  public String service() {
    int end = subject.indexOf(' ');
    return end < 0 ? subject : subject.substring(0, end);
  }

  /** Adds the line of this place. */
  void writeTo(Text text, long sequence) {
    text.line(this, kind.letter, sequence);
  }

  /** Reads a line without its line feed; null when it is torn or was changed. */
  static @Nullable Line decode(String line) {
    if (line.length() <= Text.CHECKSUM + 1 || line.charAt(Text.CHECKSUM) != ' ') {
      return null;
    }
    String payload = line.substring(Text.CHECKSUM + 1);
    if (!checksum(payload).equals(line.substring(0, Text.CHECKSUM))) {
      return null;
    }
    String[] fields = payload.split("\t", -1);
    boolean counted = fields.length == FIELDS;
    Kind kind = counted || fields.length == FIELDS - 1 ? Kind.of(fields[0]) : null;
    if (kind == null) {
      return null;
    }
    try {
      Entry entry =
          new Entry(
              kind,
              plain(fields[1]),
              plain(fields[2]),
              plain(fields[3]),
              plain(fields[4]),
              Long.parseLong(fields[5]));
      return new Line(counted ? Long.parseLong(fields[6]) : 0, entry);
    } catch (NumberFormatException notAnAmount) {
      return null;
    }
  }

  private static String checksum(String payload) {
    CRC32C crc = new CRC32C();
    crc.update(payload.getBytes(StandardCharsets.UTF_8));
    String hex = Long.toHexString(crc.getValue());
    return "0".repeat(Text.CHECKSUM - hex.length()) + hex;
  }

  private static String plain(String field) {
    if (field.indexOf('%') < 0) {
      return field;
    }
    StringBuilder text = new StringBuilder(field.length());
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '%' && i + 2 < field.length()) {
        text.append((char) Integer.parseInt(field, i + 1, i + 3, 16));
        i += 2;
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }
}
