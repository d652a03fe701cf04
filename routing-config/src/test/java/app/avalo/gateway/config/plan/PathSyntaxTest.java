package app.avalo.gateway.config.plan;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.RouteConfig.PathMatch;
import app.avalo.gateway.config.RouteConfig.PathMatch.Kind;
import app.avalo.gateway.config.RouteConfig.Rewrite;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathSyntaxTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/users/{id}/posts", "/{a}/{b_2}", "/files/{rest...}", "/{rest...}", "/a/"})
  void aTemplateMayHavePlaceholdersForWholeSegments(String template) {
    assertThat(PathSyntax.templateProblem(template)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "users/{id} | expected a path that starts with '/'",
        "/u-{id} | u-{id} (expected a placeholder to be a whole segment)",
        "/{id | {id (expected a placeholder to be a whole segment)",
        "/{} | {} (expected {name} with a letter, then letters, digits or '_')",
        "/{1a} | {1a} (expected {name} with a letter, then letters, digits or '_')",
        "/{a}/{a} | {a} (expected each name once)",
        "/{a...}/b | {a...} (expected as the last segment)",
        "/{...} | {...} (expected {name} with a letter, then letters, digits or '_')",
        "/a//{b} | expected the normal form /a/x"
      })
  void aWrongTemplateIsExplained(String template, String problem) {
    assertThat(PathSyntax.templateProblem(template)).isEqualTo(problem);
  }

  @Test
  void anExpressionIsBoundedInSyntaxLengthAndSize() {
    assertThat(PathSyntax.regexProblem("/v[0-9]{1,3}/(a|b)+")).isNull();
    assertThat(PathSyntax.regexProblem("/(a")).startsWith("expected RE2 syntax: ");
    assertThat(PathSyntax.regexProblem("/(a)\\1")).startsWith("expected RE2 syntax: ");
    assertThat(PathSyntax.regexProblem("/" + "a".repeat(600)))
        .isEqualTo("expected at most 512 characters");
    assertThat(PathSyntax.regexProblem("/((a{30}){30}){2}"))
        .startsWith("expected a smaller expression");
  }

  @Test
  void anExactPathOrPrefixIsWrittenInNormalForm() {
    PathMatch match = new PathMatch(Kind.EXACT, "/a/../%41");
    assertThat(PathSyntax.matchProblem(match)).isEqualTo("expected the normal form /A");
    assertThat(PathSyntax.matchProblem(new PathMatch(Kind.PREFIX, "/api/"))).isNull();
    assertThat(PathSyntax.matchProblem(new PathMatch(Kind.PREFIX, "/a b")))
        .startsWith("expected a path without");
  }

  @Test
  void variablesAreNamedInOrder() {
    assertThat(PathSyntax.variables("/{b}/x/{a}/{rest...}")).containsExactly("b", "a", "rest");
  }

  @Test
  void aRewriteFitsItsCondition() {
    PathMatch template = new PathMatch(Kind.TEMPLATE, "/u/{id}");
    PathMatch regex = new PathMatch(Kind.REGEX, "/.*");
    assertThat(PathSyntax.rewriteProblem(template, new Rewrite(null, "/x/{id}", null))).isNull();
    assertThat(PathSyntax.rewriteProblem(template, new Rewrite(null, "/x/{no}", null)))
        .isEqualTo("{no} (expected [id])");
    assertThat(PathSyntax.rewriteProblem(regex, new Rewrite(null, "/x/{no}", null)))
        .isEqualTo("{no} (expected no placeholder)");
    assertThat(PathSyntax.rewriteProblem(regex, new Rewrite("/x", null, null)))
        .startsWith("prefix (expected only");
    assertThat(PathSyntax.rewriteProblem(template, new Rewrite("/x", null, null)))
        .startsWith("prefix (expected only");
    assertThat(PathSyntax.rewriteProblem(template, new Rewrite("/x", "/y", null)))
        .isEqualTo("expected prefix or path, not both");
  }
}
