package app.avalo.gateway.config.plan;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ListenerConfig.EncodedSlash;
import java.net.URI;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathNormalizerTest {
  @ParameterizedTest
  @CsvSource({
    "/, /",
    "//, /",
    "/a//b///c, /a/b/c",
    "/a/, /a/",
    "/a//, /a/",
    "/a/./b/., /a/b/",
    "/a/../b, /b",
    "/a/b/.., /a/",
    "/a/.., /",
    "/a/%2e%2E/b, /b",
    "/a/%2e/b, /a/b",
    "/%41%7e%2d%5f%30, /A~-_0",
    "/%c3%bc%3f%23, /%C3%BC%3F%23",
    "/a%20b, /a%20b",
    "/%25%32%65, /%252e",
    "/a%3B/.b/..c/d..;e, /a%3B/.b/..c/d..;e",
    "/.../a, /.../a",
    "/a;x=1/b, /a;x=1/b",
    "/q[0]|^, /q[0]|^"
  })
  void aPathIsBroughtToOneSpelling(String raw, String normal) {
    assertThat(PathNormalizer.normalize(raw)).isEqualTo(normal);
  }

  @ParameterizedTest
  @CsvSource({
    "/a%2fb, /a%2Fb, /a/b",
    "/a%2F%2e%2e%2Fb, /a%2F..%2Fb, /b",
    "/a%2F..;x/b, /a%2F..;x/b,",
    "/%2F%2F, /%2F%2F, /",
    "/%2e%2e%2fetc, /..%2Fetc,",
    "/%252f, /%252f, /%252f",
    "/a%5cb, ,"
  })
  void anEncodedSlashIsKeptOrDecodedWhereTheListenerSaysSo(
      String raw, @Nullable String kept, @Nullable String decoded) {
    assertThat(PathNormalizer.normalize(raw, EncodedSlash.KEEP)).isEqualTo(kept);
    assertThat(PathNormalizer.normalize(raw, EncodedSlash.DECODE)).isEqualTo(decoded);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "*",
        "http://x/",
        "/..",
        "/../a",
        "/a/../..",
        "/a/%2e%2e/%2e./b",
        "//..",
        "/a//../..",
        "/%",
        "/%4",
        "/%4g",
        "/%g4",
        "/%+1",
        "/%00",
        "/%0a",
        "/%1F",
        "/%7f",
        "/%2f",
        "/a%2Fb",
        "/%5c",
        "/%5C",
        "/\\",
        "/a b",
        "/a\tb",
        "/a\u0000",
        "/\u007f",
        "/\u00fc",
        "/\uff0e\uff0e/",
        "/%\uff11\uff11",
        "/a?b",
        "/a#b",
        "/<",
        "/\"",
        "/{a}",
        "/`",
        "/..;/a",
        "/a/.;x",
        "/%2e%2e;a=b/",
        "/%2e;"
      })
  void aPathThatParsersMayReadDifferentlyIsRefused(String raw) {
    assertThat(PathNormalizer.normalize(raw)).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/a/b.c/d..", "/a/", "/x;y=1/@me", "/a%20b", "/%C3%BC"})
  void aCleanPathIsReturnedAsItIs(String clean) {
    assertThat(PathNormalizer.normalize(clean)).isSameAs(clean);
  }

  @Test
  void aLongHostilePathCostsOnePass() {
    assertThat(PathNormalizer.normalize("/a/..".repeat(200_000))).isEqualTo("/");
  }

  @Provide
  Arbitrary<String> hostile() {
    return Arbitraries.of(
            "/", "/", "/", ".", "..", "%2e", "%2E", "%2f", "%5C", "%41", "%c3", "%25", "%", "2e",
            ";", "a", "Z", "~", "\\", " ", "%3b", "%00", "[", "é")
        .list()
        .ofMaxSize(14)
        .map(parts -> "/" + String.join("", parts));
  }

  @Property(tries = 20_000)
  void theNormalFormIsItsOwnNormalFormAndHasNothingToNormalise(@ForAll("hostile") String raw) {
    String normal = PathNormalizer.normalize(raw);
    Assume.that(normal != null);
    assertThat(PathNormalizer.normalize(normal)).isSameAs(normal);
    assertThat(normal)
        .startsWith("/")
        .doesNotContain("//", "/./", "/../", "\\", "%2F", "%5C", "%2E");
    assertThat(normal).doesNotEndWith("/.").doesNotEndWith("/..").doesNotContain("/..;", "/.;");
  }

  @Provide
  Arbitrary<String> plain() {
    return Arbitraries.of("a", "b.c", ".", "..", ".d", "e..")
        .list()
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(segments -> "/" + String.join("/", segments));
  }

  @Property(tries = 5000)
  void aPlainPathBecomesWhatTheUriClassMakesOfIt(@ForAll("plain") String raw) {
    String expected = URI.create("http://h" + raw).normalize().getRawPath();
    String normal = PathNormalizer.normalize(raw);
    if (expected.startsWith("/..")) {
      assertThat(normal).isNull();
    } else {
      assertThat(normal).isEqualTo(expected.isEmpty() ? "/" : expected);
    }
  }
}
