package app.avalo.gateway.filter.pin.store;

import java.security.SecureRandom;

/**
 * Which cookies were found good, and whose they are: 64-bit marks of both, by SipHash-2-4 under a
 * key drawn for this table (Aumasson, Bernstein 2012), so that nobody can make a text with the mark
 * of another or choose whose place a mark takes. Only what was verified is added. Grows with the
 * clients that come, up to 2 MiB; from then on a newcomer takes the place of one of eight. Confined
 * to one event loop.
 */
public final class KnownCookies {
  static final int MOST = 1 << 18;
  private static final int FEWEST = 1 << 9;

  /** Marks that are looked at together; they share a line of the cache. */
  private static final int WAYS = 8;

  private static final int TEXT_CHARS = 8; // in a word; the text of a good cookie is ASCII
  private static final int NAME_CHARS = 4;

  private final long key0;
  private final long key1;
  private long[] marks = new long[FEWEST]; // 0 where there is none

  /** Knows nothing. */
  public KnownCookies(SecureRandom random) {
    this.key0 = random.nextLong();
    this.key1 = random.nextLong();
  }

  /**
   * The mark of a cookie in the hands of a caller; never 0.
   *
   * @param kind of the caller
   * @param name of the caller, empty for one who has none
   */
  public long mark(String text, int start, int end, int kind, String name) {
    int named = 1 + (end - start + TEXT_CHARS - 1) / TEXT_CHARS;
    int words = named + (name.length() + NAME_CHARS - 1) / NAME_CHARS;
    long v0 = key0 ^ 0x736F6D6570736575L;
    long v1 = key1 ^ 0x646F72616E646F6DL;
    long v2 = key0 ^ 0x6C7967656E657261L;
    long v3 = key1 ^ 0x7465646279746573L;
    for (int i = 0; i < words + 2; i++) {
      long word = 0; // in the two turns that finish
      if (i == 0) {
        word = (long) kind << 56 | (long) (end - start) << 32 | name.length();
      } else if (i < named) {
        word = word(text, start + (i - 1) * TEXT_CHARS, end, TEXT_CHARS);
      } else if (i < words) {
        word = word(name, (i - named) * NAME_CHARS, name.length(), NAME_CHARS);
      } else if (i == words) {
        v2 ^= 0xFF;
      }
      v3 ^= word;
      for (int round = 0; round < 2; round++) {
        v0 += v1;
        v2 += v3;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 = Long.rotateLeft(v0, 32) + v3;
        v2 += v1;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v2 = Long.rotateLeft(v2, 32);
      }
      v0 ^= word;
    }
    long mark = v0 ^ v1 ^ v2 ^ v3;
    return mark == 0 ? 1 : mark;
  }

  private static long word(String text, int from, int end, int chars) {
    int bits = Long.SIZE / chars;
    long word = 0;
    for (int i = from; i < Math.min(end, from + chars); i++) {
      word = word << bits | text.charAt(i);
    }
    return word;
  }

  public boolean has(long mark) {
    int first = first(mark);
    for (int i = first; i < first + WAYS; i++) {
      if (marks[i] == mark) {
        return true;
      }
    }
    return false;
  }

  /** From now on it is known. */
  public void learn(long mark) {
    while (!place(mark)) {
      if (marks.length == MOST) {
        marks[first(mark) + (int) (mark & WAYS - 1)] = mark;
        return;
      }
      grow();
    }
  }

  private boolean place(long mark) {
    int first = first(mark);
    for (int i = first; i < first + WAYS; i++) {
      if (marks[i] == 0 || marks[i] == mark) {
        marks[i] = mark;
        return true;
      }
    }
    return false;
  }

  private void grow() {
    long[] fewer = marks;
    marks = new long[fewer.length * 2];
    for (long mark : fewer) {
      if (mark != 0) {
        place(mark);
      }
    }
  }

  private int first(long mark) {
    return (int) (mark >>> 32) & marks.length - WAYS;
  }

  int bytes() {
    return marks.length * Long.BYTES;
  }
}
