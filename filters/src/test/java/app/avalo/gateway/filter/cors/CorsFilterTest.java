package app.avalo.gateway.filter.cors;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.RouteConfig.Cors;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.Routes;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CorsFilterTest {
  private static final Cors LISTED =
      cors(true, "https://avalo.app", "https://*.avalo.app", "http://localhost:3000");
  private static final Cors OPEN = cors(false, "*");

  private final CorsFilter filter = new CorsFilter();

  private static Cors cors(boolean credentials, String... origins) {
    return new Cors(
        List.of(origins),
        List.of("GET", "POST"),
        List.of("Authorization", "Content-Type"),
        List.of("X-Request-Id"),
        credentials,
        Duration.ofMinutes(10));
  }

  private static Exchanges from(Cors cors, String origin) {
    return Exchanges.on(Routes.toFeed().cors(cors).build()).header("Origin", origin);
  }

  private static Exchanges preflight(Cors cors, String origin) {
    return from(cors, origin).method("OPTIONS").header("Access-Control-Request-Method", "POST");
  }

  /** Headers of the answer to a preflight, as the client sees them. */
  private MultiMap answer(Exchange exchange) {
    Reply.Local reply = Outcome.of(filter, exchange).reply();
    filter.response(exchange, reply);
    return reply.headers();
  }

  /** Headers of an upstream's answer, as the client sees them. */
  private MultiMap labelled(Exchange exchange, MultiMap upstream) {
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    filter.response(exchange, new Reply.Proxied(200, upstream));
    return upstream;
  }

  @Test
  void aPreflightOfAListedOriginIsAnsweredHere() {
    Exchange exchange = preflight(LISTED, "https://avalo.app").live();

    Reply.Local reply = Outcome.of(filter, exchange).reply();
    filter.response(exchange, reply);

    assertThat(reply.status()).isEqualTo(204);
    assertThat(reply.body().length()).isZero();
    MultiMap headers = reply.headers();
    assertThat(headers.getAll("Access-Control-Allow-Origin")).containsExactly("https://avalo.app");
    assertThat(headers.get("Access-Control-Allow-Credentials")).isEqualTo("true");
    assertThat(headers.get("Access-Control-Allow-Methods")).isEqualTo("GET, POST");
    assertThat(headers.get("Access-Control-Allow-Headers"))
        .isEqualTo("Authorization, Content-Type");
    assertThat(headers.get("Access-Control-Max-Age")).isEqualTo("600");
    assertThat(headers.contains("Access-Control-Expose-Headers")).isFalse();
    assertThat(headers.getAll("Vary"))
        .containsExactly("Access-Control-Request-Method, Access-Control-Request-Headers, Origin");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://web.avalo.app",
        "https://a.b.avalo.app",
        "https://avalo.app",
        "http://localhost:3000",
      })
  void theseOriginsAreListed(String origin) {
    assertThat(answer(preflight(LISTED, origin).live()).get("Access-Control-Allow-Origin"))
        .isEqualTo(origin);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "",
        "*",
        "https://evil.app",
        "http://avalo.app",
        "https://avalo.app:8443",
        "https://avalo.app/",
        "https://.avalo.app",
        "https://*.avalo.app",
        "https://evilavalo.app",
        "https://evil.com/.avalo.app",
        "https://evil.com#.avalo.app",
        "https://evil.com:80.avalo.app",
        "https://user@x.avalo.app",
        "https://a..avalo.app",
        "https://web.avalo.app.evil.com",
        "https://WEB.avalo.app",
        "https://avalo.app https://avalo.app",
        "http://localhost",
      })
  void anyOtherIsRefusedAPreflightAndLearnsNothing(String origin) {
    Exchange exchange = preflight(LISTED, origin).live();

    Outcome outcome = Outcome.of(filter, exchange);
    filter.response(exchange, outcome.reply());

    assertThat(outcome.error().kind()).isEqualTo(Kind.FORBIDDEN);
    assertThat(outcome.error().rule()).isEqualTo("all.cors.origins");
    assertThat(outcome.reply().headers().names())
        .noneMatch(name -> name.toLowerCase().startsWith("access-control"));
    assertThat(outcome.reply().headers().get("Vary")).contains("Origin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://anyone.example", "null"})
  void theStarWelcomesEveryOriginWithoutCredentials(String origin) {
    MultiMap headers = answer(preflight(OPEN, origin).live());

    assertThat(headers.getAll("Access-Control-Allow-Origin")).containsExactly("*");
    assertThat(headers.contains("Access-Control-Allow-Credentials")).isFalse();
    assertThat(headers.get("Vary")).doesNotContain("Origin");
  }

  @Test
  void theStarWithCredentialsStandsForNothing() {
    Exchange exchange = preflight(cors(true, "*"), "https://anyone.example").live();

    assertThat(Outcome.of(filter, exchange).status()).isEqualTo(403);
  }

  @Test
  void twoOriginsAreNone() {
    Exchange exchange =
        preflight(LISTED, "https://avalo.app").header("Origin", "https://evil.app").live();

    assertThat(Outcome.of(filter, exchange).status()).isEqualTo(403);
  }

  @Test
  void optionsWithoutARequestedMethodIsNoPreflight() {
    Exchange exchange = from(LISTED, "https://avalo.app").method("OPTIONS").live();

    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
  }

  @Test
  void aRouteWithoutAPolicyLeavesEverythingToItsService() {
    Exchange exchange =
        Exchanges.on(Routes.toFeed().build())
            .method("OPTIONS")
            .header("Origin", "https://avalo.app")
            .header("Access-Control-Request-Method", "PUT")
            .live();

    MultiMap upstream = HttpHeaders.headers().add("Access-Control-Allow-Origin", "https://own");

    assertThat(labelled(exchange, upstream).get("Access-Control-Allow-Origin"))
        .isEqualTo("https://own");
  }

  @Test
  void anActualAnswerIsLabelledOnceWhateverTheUpstreamSaid() {
    MultiMap upstream =
        HttpHeaders.headers()
            .add("Access-Control-Allow-Origin", "*")
            .add("Access-Control-Allow-Origin", "https://other.example")
            .add("Access-Control-Allow-Credentials", "true")
            .add("Access-Control-Allow-Methods", "TRACE")
            .add("Access-Control-Expose-Headers", "X-Secret");

    MultiMap headers = labelled(from(LISTED, "https://avalo.app").live(), upstream);

    assertThat(headers.getAll("Access-Control-Allow-Origin")).containsExactly("https://avalo.app");
    assertThat(headers.getAll("Access-Control-Allow-Credentials")).containsExactly("true");
    assertThat(headers.getAll("Access-Control-Expose-Headers")).containsExactly("X-Request-Id");
    assertThat(headers.contains("Access-Control-Allow-Methods")).isFalse();
    assertThat(headers.get("Vary")).isEqualTo("Origin");
  }

  @Test
  void anActualRequestOfAnUnlistedOriginPassesWithoutLabels() {
    MultiMap upstream = HttpHeaders.headers().add("Access-Control-Allow-Origin", "*");

    MultiMap headers = labelled(from(LISTED, "https://evil.app").method("POST").live(), upstream);

    assertThat(headers.names()).containsExactly("vary");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "Accept-Encoding; Accept-Encoding, Origin",
        "origin; origin",
        "Accept, ORIGIN ,x; Accept, ORIGIN ,x",
        "*; *",
        "X-Origin; X-Origin, Origin",
      })
  void varyIsExtendedNeverDoubled(String upstream, String expected) {
    MultiMap headers = HttpHeaders.headers().add("Vary", upstream);

    assertThat(labelled(from(LISTED, "https://avalo.app").live(), headers).getAll("Vary"))
        .containsExactly(expected);
  }

  @Test
  void anAnswerToARequestWithoutOriginVariesToo() {
    Exchange exchange = Exchanges.on(Routes.toFeed().cors(LISTED).build()).live();

    MultiMap headers = labelled(exchange, HttpHeaders.headers());

    assertThat(headers.get("Vary")).isEqualTo("Origin");
    assertThat(headers.contains("Access-Control-Allow-Origin")).isFalse();
  }
}
