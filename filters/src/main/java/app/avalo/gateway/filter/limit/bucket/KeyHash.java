package app.avalo.gateway.filter.limit.bucket;

import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * SipHash-1-3 (Aumasson and Bernstein, 2012; the variant of Rust and Python) over the parts of a
 * key, under a secret made when the process starts. User names come from outside: with a public
 * hash somebody could choose one that draws from another's bucket. Reused, one thread at a time.
 */
final class KeyHash {
  private static final long SECRET_0 = new SecureRandom().nextLong();
  private static final long SECRET_1 = new SecureRandom().nextLong();

  private static final int LETTER = 48; // the bit where it begins, above an address of version 4

  // After the last beginning, which most keys share with the one before.
  private long b0;
  private long b1;
  private long b2;
  private long b3;
  private @Nullable String begun;
  private String begunWithin = "";

  private long v0;
  private long v1;
  private long v2;
  private long v3;

  KeyHash() {
    start("", "");
  }

  /** The key of a policy, for callers of a tier with a bandwidth of its own; empty without. */
  KeyHash start(String policy, String tier) {
    if (!policy.equals(begun) || !tier.equals(begunWithin)) {
      start();
      add('p', policy);
      add('t', tier.isEmpty() ? null : tier);
      begun = policy;
      begunWithin = tier;
      keep();
    }
    return again();
  }

  /** Likewise, of those of the last one. */
  KeyHash again() {
    v0 = b0;
    v1 = b1;
    v2 = b2;
    v3 = b3;
    return this;
  }

  private void keep() {
    b0 = v0;
    b1 = v1;
    b2 = v2;
    b3 = v3;
  }

  private void start() {
    v0 = SECRET_0 ^ 0x736f6d6570736575L;
    v1 = SECRET_1 ^ 0x646f72616e646f6dL;
    v2 = SECRET_0 ^ 0x6c7967656e657261L;
    v3 = SECRET_1 ^ 0x7465646279746573L;
  }

  /** An address, if the key has one; those of version 4 are one word, in which the letter is. */
  KeyHash add(char part, long high, long low) {
    if (high == 0 && low >>> LETTER == 0) {
      if (low != 0) {
        add((long) part << LETTER | low);
      }
    } else {
      add(part);
      add(high);
      add(low);
    }
    return this;
  }

  /**
   * Four characters a word, after the length, so that parts cannot run into each other, and the
   * letter of the part, so that those that a key lacks need no word.
   */
  KeyHash add(char part, @Nullable String text) {
    if (text == null) {
      return this;
    }
    int length = text.length();
    add((long) part << 32 | length);
    for (int i = 0; i < length; i += 4) {
      long word = 0;
      for (int j = i; j < length && j < i + 4; j++) {
        word = word << 16 | text.charAt(j);
      }
      add(word);
    }
    return this;
  }

  private void add(long word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }

  /** Never 0. */
  long end() {
    v2 ^= 0xff;
    round();
    round();
    round();
    long hash = v0 ^ v1 ^ v2 ^ v3;
    return hash == 0 ? 1 : hash;
  }

  private void round() {
    v0 += v1;
    v2 += v3;
    v1 = Long.rotateLeft(v1, 13) ^ v0;
    v3 = Long.rotateLeft(v3, 16) ^ v2;
    v0 = Long.rotateLeft(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = Long.rotateLeft(v1, 17) ^ v2;
    v3 = Long.rotateLeft(v3, 21) ^ v0;
    v2 = Long.rotateLeft(v2, 32);
  }
}
