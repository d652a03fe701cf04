package app.avalo.gateway.config.bind;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinearRegexTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v[0-9]+/feed",
        "/(?:feed|profile)/[a-z0-9-]{1,40}",
        "/users/(?<id>[^/]+)/posts/[0-9]+",
        "/files/.*\\.jpg",
        "/a(?:/b)?/c",
        "/[a-f0-9]{8}/x"
      })
  void whatOperatorsWriteIsAdmitted(String regex) {
    assertThat(LinearRegex.problem(regex)).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/(a+)+",
        "/(a|a)*",
        "/a*a*",
        "/.*.*",
        "/.*/x/.*",
        "/[a-z]+[0-9]+/",
        "/a*(?:/)?a*",
        "/(?i)a",
        "/(?<=a)b",
        "/(a)\\1",
        "/a{1,5}a{1,5}",
        "/a?a?a?a?a?a?a?",
        "/(?:ab){2}",
        "/\\p{Alpha}",
        "/["
      })
  void whatCouldCostMoreIsRefused(String regex) {
    assertThat(LinearRegex.problem(regex)).isNotNull();
  }

  /**
   * Counts the characters that the matcher looks at: a multiple of the length, never its square.
   */
  @Property(tries = 2000)
  void whateverIsAdmittedIsCheapOnEveryPath(@ForAll("regexes") String regex) {
    if (LinearRegex.problem(regex) == null) {
      Pattern pattern = Pattern.compile(regex);
      for (String unit : new String[] {"a", "ab", "/a", "aa/"}) {
        Counting path = new Counting("/" + unit.repeat(1000) + "!");
        boolean ignored = pattern.matcher(path).matches();
        assertThat(path.reads).as("%s on %s", regex, unit).isLessThan(path.length() * 200L);
      }
    }
  }

  @Provide
  Arbitrary<String> regexes() {
    Arbitrary<String> parts =
        Arbitraries.of(
            "a", "b", "/", ".", "[ab]", "[^/]", "(", "(?:", ")", "|", "*", "+", "?", "{1,9}",
            "\\w");
    return parts.list().ofMinSize(1).ofMaxSize(12).map(list -> "/" + String.join("", list));
  }

  /** Text that counts how often it is read. */
  private static final class Counting implements CharSequence {
    private final String text;
    private long reads;

    Counting(String text) {
      this.text = text;
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      reads++;
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }
  }
}
