package app.avalo.gateway.config.plan;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.PathMatch.Kind;
import app.avalo.gateway.config.RouteConfig.Rewrite;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathRewriteTest {
  @ParameterizedTest
  @CsvSource({
    "PREFIX, /api, /v2, /api, /v2",
    "PREFIX, /api, /v2, /api/, /v2/",
    "PREFIX, /api, /v2/, /api/x/y, /v2/x/y",
    "PREFIX, /api/, /v2, /api/x, /v2/x",
    "PREFIX, /api, /, /api, /",
    "PREFIX, /api, /, /api/x, /x",
    "PREFIX, /, /v2, /x, /v2/x",
    "PREFIX, /, /v2, /, /v2/",
    "EXACT, /a, /b/c/, /a, /b/c/",
    "TEMPLATE, /t/{x}/{rest...}, /v2, /t/7/a/b, /v2/a/b",
    "TEMPLATE, /t/{rest...}, /, /t/, /"
  })
  void aNewPrefixKeepsTheRemainder(
      Kind kind, String match, String prefix, String path, String expected) {
    Rewrite rewrite = new Rewrite(prefix, null, null);
    assertThat(requireNonNull(PathRewrite.compile(rewrite, new PathMatch(kind, match))).apply(path))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "TEMPLATE, /u/{id}/p/{post}, /posts/{post}/by/{id}, /u/7/p/8, /posts/8/by/7",
    "TEMPLATE, /f/{rest...}, /g/{rest}, /f/a/b/, /g/a/b/",
    "TEMPLATE, /f/{rest...}, /g/{rest...}, /f/, /g/",
    "TEMPLATE, /f/{rest...}, /g/{rest}/z, /f/, /g/z",
    "TEMPLATE, /f/{rest...}, /g/{rest}/z, /f/a/, /g/a/z",
    "TEMPLATE, /u/{id}, /, /u/7, /",
    "REGEX, /.*, /fixed/x, /u/7, /fixed/x",
    "PREFIX, /u, /fixed, /u/7, /fixed"
  })
  void aNewPathTakesTheValuesOfPlaceholders(
      Kind kind, String match, String to, String path, String expected) {
    Rewrite rewrite = new Rewrite(null, to, null);
    assertThat(requireNonNull(PathRewrite.compile(rewrite, new PathMatch(kind, match))).apply(path))
        .isEqualTo(expected);
    assertThat(PathNormalizer.normalize(expected)).isSameAs(expected);
  }

  @Test
  void withoutARewriteThePathIsTheSame() {
    assertThat(PathRewrite.compile(new Rewrite(null, null, "h"), new PathMatch(Kind.PREFIX, "/")))
        .isNull();
    String path = "/a/b";
    Route route = RouteSpec.routes(List.of(RouteSpec.prefix("/a"))).get(0);
    assertThat(route.upstreamPath(path)).isSameAs(path);
  }
}
