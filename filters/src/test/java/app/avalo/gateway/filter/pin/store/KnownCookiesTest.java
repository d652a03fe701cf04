package app.avalo.gateway.filter.pin.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KnownCookiesTest {
  private static final int USER = 1;
  private static final int API_KEY = 2;
  private static final String TEXT = "AgEBx".repeat(20);

  private final KnownCookies known = new KnownCookies(new SecureRandom());

  private long mark(String text, int kind, String name) {
    return known.mark(text, 0, text.length(), kind, name);
  }

  @Test
  void whatWasLearntIsKnownWhereverItStandsInAHeader() {
    known.learn(mark(TEXT, USER, "alice"));

    String header = "a=b; gwpin=" + TEXT + "; c=d";

    assertThat(known.has(known.mark(header, 11, 11 + TEXT.length(), USER, "alice"))).isTrue();
  }

  @Test
  void anyOtherCharacterKindOrNameIsAnotherMark() {
    Set<Long> marks = new HashSet<>();
    for (int at = 0; at < TEXT.length(); at++) {
      marks.add(mark(TEXT.substring(0, at) + '_' + TEXT.substring(at + 1), USER, "alice"));
    }
    marks.add(mark(TEXT, USER, "alice"));
    marks.add(mark(TEXT, API_KEY, "alice"));
    marks.add(mark(TEXT, USER, "alicf"));
    marks.add(mark(TEXT, USER, "alic"));
    marks.add(mark(TEXT + 'A', USER, "alice"));
    marks.add(mark(TEXT.substring(1), USER, "alice"));
    marks.add(mark(TEXT, USER, ""));

    assertThat(marks).hasSize(TEXT.length() + 7);
  }

  @Test
  void anotherTableMarksTheSameTextOtherwise() {
    long elsewhere = new KnownCookies(new SecureRandom()).mark(TEXT, 0, TEXT.length(), USER, "a");

    assertThat(mark(TEXT, USER, "a")).isNotEqualTo(elsewhere);
  }

  @Test
  void aHundredThousandClientsAreKnownAtOnce() {
    for (int i = 0; i < 100_000; i++) {
      known.learn(mark(TEXT, USER, "user-" + i));
    }

    int still = 0;
    for (int i = 0; i < 100_000; i++) {
      still += known.has(mark(TEXT, USER, "user-" + i)) ? 1 : 0;
    }
    assertThat(still).isGreaterThan(99_000);
  }

  @Test
  void fewClientsTakeLittleAndVeryManyNoMoreThanTwoMebibytes() {
    for (int i = 0; i < 100; i++) {
      known.learn(mark(TEXT, USER, "user-" + i));
    }
    assertThat(known.bytes()).isLessThanOrEqualTo(16 << 10);
    for (int i = 0; i < 1_000_000; i++) {
      known.learn(mark(TEXT, USER, "user-" + i));
    }
    assertThat(known.bytes()).isEqualTo(2 << 20);
    assertThat(known.has(mark(TEXT, USER, "user-999999"))).isTrue();
  }
}
