package app.avalo.gateway.forward.head;

import io.netty.util.AsciiString;
import java.util.Arrays;

/**
 * A few header names. They are told apart by length first, so that most look-ups cost one
 * comparison of numbers.
 */
final class NameSet {
  private final AsciiString[][] byLength;

  private NameSet(AsciiString[][] byLength) {
    this.byLength = byLength;
  }

  static NameSet of(String... names) {
    int longest = 0;
    for (String name : names) {
      longest = Math.max(longest, name.length());
    }
    AsciiString[][] byLength = new AsciiString[longest + 1][];
    for (int length = 0; length <= longest; length++) {
      int wanted = length;
      byLength[length] =
          Arrays.stream(names)
              .filter(name -> name.length() == wanted)
              .map(AsciiString::cached)
              .toArray(AsciiString[]::new);
    }
    return new NameSet(byLength);
  }

  boolean contains(CharSequence name) {
    int length = name.length();
    if (length >= byLength.length) {
      return false;
    }
    for (AsciiString candidate : byLength[length]) {
      if (AsciiString.contentEqualsIgnoreCase(candidate, name)) {
        return true;
      }
    }
    return false;
  }
}
