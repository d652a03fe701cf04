package app.avalo.gateway.config.plan;

import static app.avalo.gateway.config.plan.RouteSpec.exact;
import static app.avalo.gateway.config.plan.RouteSpec.prefix;
import static app.avalo.gateway.config.plan.RouteSpec.regex;
import static app.avalo.gateway.config.plan.RouteSpec.template;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.unit.Cidr;
import app.avalo.gateway.config.unit.IpAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteTableTest {
  private static RouteTable table(RouteSpec... specs) {
    return RouteTable.compile(RouteSpec.routes(List.of(specs)));
  }

  private static String match(RouteTable table, RequestView request) {
    Route route = table.match(request);
    return route == null ? "none" : route.name();
  }

  @ParameterizedTest
  @CsvSource({
    "/users, #0",
    "/users/, none",
    "/users/7, #1",
    "/users/7/posts, #2",
    "/users/me/posts, #3",
    "/users/me/likes, none",
    "/files/, #4",
    "/files/a/b, #4",
    "/files, none",
    "/api, #5",
    "/api/, #5",
    "/api/x/y, #5",
    "/apix, none",
    "/shop/item42, #6",
    "/shop/item, none",
    "/shop/item42/x, none",
    "/docs/a/b/, #7",
    "/, none"
  })
  void eachKindOfPathConditionTakesWhatItSays(String path, String expected) {
    RouteTable table =
        table(
            exact("/users"),
            template("/users/{id}"),
            template("/users/{id}/posts"),
            template("/users/me/posts"),
            template("/files/{rest...}"),
            prefix("/api"),
            regex("/shop/[a-z]+[0-9]+"),
            prefix("/docs/"));
    assertThat(match(table, Probe.get(path))).isEqualTo(expected);
  }

  @Test
  void aMoreSpecificPathWinsWhateverTheOrderInTheFile() {
    RouteTable table =
        table(
            prefix("/"),
            prefix("/a"),
            template("/a/{rest...}"),
            regex("/a/[a-z]+"),
            template("/a/{x}"),
            exact("/a/b"));
    assertThat(match(table, Probe.get("/a/b"))).isEqualTo("#5");
    assertThat(match(table, Probe.get("/a/c"))).isEqualTo("#4");
    assertThat(match(table, Probe.get("/a/c/d"))).isEqualTo("#2");
    assertThat(match(table, Probe.get("/a"))).isEqualTo("#1");
    assertThat(match(table, Probe.get("/b"))).isEqualTo("#0");
  }

  @Test
  void aRegularExpressionBeatsAPrefixAndTheMoreLiteralOneIsFirst() {
    RouteTable table = table(prefix("/a"), regex("/.*"), regex("/a/.*"), regex("/a/x?y"));
    assertThat(match(table, Probe.get("/a/q"))).isEqualTo("#2");
    assertThat(match(table, Probe.get("/a/y"))).isEqualTo("#2");
    assertThat(match(table, Probe.get("/b"))).isEqualTo("#1");
  }

  @ParameterizedTest
  @CsvSource({"'/a|/b', /b", "'/a/?b', /ab", "'/x/y*', /x/", "'(?i)/A/b', /a/B", "'/v{0}/a', //a"})
  void theLiteralBeginningOfAnExpressionHidesNoPath(String expression, String path) {
    assertThat(match(table(regex(expression)), Probe.get(path))).isEqualTo("#0");
  }

  @ParameterizedTest
  @CsvSource({
    "api.avalo.app, #0",
    "api.avalo.app., #0",
    "eu.avalo.app, #1",
    "x.eu.avalo.app, #2",
    "y.x.eu.avalo.app, #2",
    "avalo.app, #3",
    "evilavalo.app, #3",
    "'', #3"
  })
  void theMostSpecificHostWins(String host, String expected) {
    RouteTable table =
        table(
            prefix("/").on("api.avalo.app"),
            prefix("/").on("*.avalo.app"),
            prefix("/").on("*.eu.avalo.app"),
            exact("/x"));
    assertThat(match(table, new Probe("GET", host, "/x"))).isEqualTo(expected);
  }

  @Test
  void aLessSpecificHostServesPathsThatTheMoreSpecificOneLacks() {
    RouteTable table =
        table(exact("/a").on("api.avalo.app"), exact("/b").on("*.avalo.app"), exact("/c"));
    assertThat(match(table, Probe.get("/b"))).isEqualTo("#1");
    assertThat(match(table, Probe.get("/c"))).isEqualTo("#2");
  }

  @Test
  void aHostLongerThanAnyNameMatchesOnlyRoutesForEveryHost() {
    RouteTable table = table(prefix("/").on("*.avalo.app"), prefix("/"));
    Probe request = new Probe("GET", "a.".repeat(8000) + "avalo.app", "/");
    assertThat(match(table, request)).isEqualTo("#1");
  }

  @Test
  void aFailedConditionFallsBackToALessSpecificRoute() {
    RouteTable table =
        table(
            exact("/a/b").header("x-beta", "1"),
            template("/a/{x}").methods("POST"),
            prefix("/a").query("debug"),
            prefix("/"));
    assertThat(match(table, Probe.get("/a/b").header("x-beta", "1"))).isEqualTo("#0");
    assertThat(match(table, Probe.get("/a/b").header("x-beta", "2"))).isEqualTo("#3");
    assertThat(match(table, new Probe("POST", "", "/a/b"))).isEqualTo("#1");
    assertThat(match(table, Probe.get("/a/b").query("debug", ""))).isEqualTo("#2");
  }

  @Test
  void methodsCountBeforeConditionsAndConditionsBeforeTheOrderInTheFile() {
    Cidr loopback = new Cidr(0, 0xffff_7f00_0000L, 104);
    RouteTable table =
        table(
            exact("/a"),
            exact("/a").header("h", "1"),
            exact("/a").header("h", "1").clients(loopback),
            exact("/a").methods("POST"),
            exact("/a"));
    assertThat(match(table, Probe.get("/a"))).isEqualTo("#0");
    assertThat(match(table, Probe.get("/a").header("h", "1"))).isEqualTo("#2");
    assertThat(match(table, Probe.get("/a").header("h", "1").from(IpAddress.v4(1))))
        .isEqualTo("#1");
    assertThat(match(table, new Probe("POST", "", "/a").header("h", "1"))).isEqualTo("#3");
  }

  @Test
  void headIsServedByItsOwnRouteThenByGetThenByAnyMethod() {
    Probe head = new Probe("HEAD", "", "/a");
    RouteSpec any = prefix("/a");
    RouteSpec get = prefix("/a").methods("GET");
    assertThat(match(table(any, get, prefix("/a").methods("HEAD")), head)).isEqualTo("#2");
    assertThat(match(table(any, get), head)).isEqualTo("#1");
    assertThat(match(table(any), head)).isEqualTo("#0");
    assertThat(match(table(prefix("/a").methods("POST")), head)).isEqualTo("none");
  }

  @Test
  void aPreflightFindsTheRouteOfTheMethodItAsksFor() {
    RouteTable table = table(exact("/a").methods("GET"), exact("/a").methods("PUT"));
    Probe preflight = new Probe("OPTIONS", "", "/a");
    assertThat(table.match(preflight)).isNull();
    assertThat(table.matchAnnounced(preflight, "PUT")).extracting("name").isEqualTo("#1");
  }

  @Test
  void aPreflightIsPresumedToAnnounceEveryHeaderButNeitherQueryNorClient() {
    RouteTable table =
        table(
            exact("/a").header("attested", "1").query("beta"),
            exact("/a").header("attested", "1"),
            exact("/a"));
    Probe preflight = new Probe("OPTIONS", "", "/a");
    assertThat(match(table, preflight)).isEqualTo("#2");
    assertThat(table.matchAnnounced(preflight, "PUT")).extracting("name").isEqualTo("#1");
  }

  @Test
  void allowedMethodsAreThoseOfEveryRouteThatFailsByItsMethodOnly() {
    RouteTable table =
        table(
            exact("/a").methods("PUT").on("api.avalo.app"),
            template("/{x}").methods("GET"),
            prefix("/a").methods("DELETE").header("admin", "1"),
            regex("/a+").methods("PATCH"),
            exact("/b").methods("POST"));
    assertThat(table.allowedMethods(new Probe("LOCK", "api.avalo.app", "/a")))
        .containsExactly("GET", "HEAD", "PATCH", "PUT");
    assertThat(table.allowedMethods(Probe.get("/c/d"))).isEmpty();
  }

  @Test
  void anEmptyTableFindsNothing() {
    assertThat(table().match(Probe.get("/"))).isNull();
    assertThat(table().allowedMethods(Probe.get("/"))).isEmpty();
  }

  @Test
  void ofTenThousandRoutesOneIsLookedAt() {
    List<RouteSpec> specs = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      String path = "/v" + i % 100 + "/{x}/r" + i;
      specs.add(template(path).on("h" + i % 7 + ".avalo.app").header("seen", "1"));
    }
    RouteTable table = RouteTable.compile(RouteSpec.routes(specs));
    for (int i = 0; i < 10_000; i += 333) {
      Probe probe = new Probe("GET", "h" + i % 7 + ".avalo.app", "/v" + i % 100 + "/me/r" + i);
      assertThat(match(table, probe.header("seen", "1"))).isEqualTo("#" + i);
      assertThat(probe.looks).isEqualTo(1);
    }
  }

  @Test
  void aDeepPathEndsTheWalkWhereTheTreeEnds() {
    RouteTable table = table(prefix("/"), template("/{a}/{b}/{c}"));
    assertThat(match(table, Probe.get("/x".repeat(100_000)))).isEqualTo("#0");
  }
}
