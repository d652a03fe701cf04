package app.avalo.gateway.edge;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.edge.answer.Problem;
import app.avalo.gateway.edge.intake.Authority;
import app.avalo.gateway.edge.intake.RequestIds;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.GatewayError.Kind;
import app.avalo.gateway.filter.Plans;
import io.vertx.core.json.JsonObject;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hosts, request ids and problems: the small values that the edge reads and writes. */
class EdgeValuesTest {
  @ParameterizedTest
  @CsvSource({
    "api.avalo.app,api.avalo.app",
    "API.Avalo.App:8443,api.avalo.app",
    "127.0.0.1:80,127.0.0.1",
    "[::1],[::1]",
    "[2001:DB8::1]:443,[2001:db8::1]",
    "a_b-c.d,a_b-c.d"
  })
  void a_host_is_read_without_port_in_lower_case(String authority, String host) {
    assertThat(Authority.host(authority)).isEqualTo(host);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":80",
        "a b",
        "a/b",
        "a@b",
        "a:b",
        "a:123456",
        "[::1",
        "[::1]x",
        "a,b",
        "a%00",
        "ü.de",
        "a:1:2",
        "a?b",
        "a#b",
        "a\\b"
      })
  void what_is_no_host_is_refused(String authority) {
    assertThat(Authority.host(authority)).isNull();
  }

  @Property
  void no_text_breaks_the_reader_and_every_host_is_clean(@ForAll String text) {
    String host = Authority.host(text);
    if (host != null) {
      assertThat(host).matches("[a-z0-9._\\-\\[\\]:]+").hasSizeLessThanOrEqualTo(261);
    }
  }

  @Test
  void request_ids_are_unique_usable_and_of_one_length() {
    RequestIds one = new RequestIds();
    RequestIds other = new RequestIds();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 20_000; i++) {
      String id = i % 2 == 0 ? one.next() : other.next();
      assertThat(seen.add(id)).isTrue();
      assertThat(id.length()).isEqualTo(20);
      assertThat(RequestIds.isUsable(id)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\r\nb", "a\"b", "ä", "a;b", "<x>"})
  void an_id_that_could_break_a_log_or_header_is_not_taken_over(String id) {
    assertThat(RequestIds.isUsable(id)).isFalse();
  }

  @Test
  void an_id_may_have_128_characters_and_no_more() {
    assertThat(RequestIds.isUsable("x".repeat(128))).isTrue();
    assertThat(RequestIds.isUsable("x".repeat(129))).isFalse();
    assertThat(RequestIds.isUsable(null)).isFalse();
  }

  @Property
  void a_problem_is_json_whatever_the_texts_are(@ForAll String detail, @ForAll String rule) {
    Exchange exchange = Exchanges.on(Plans.minimal()).id("req-9").live();
    JsonObject problem =
        new JsonObject(Problem.of(exchange, new GatewayError(Kind.LIMITED, rule, detail, 7)));

    if (isWellFormed(detail) && isWellFormed(rule)) {
      assertThat(problem.getString("detail")).isEqualTo(detail);
      assertThat(problem.getString("rule")).isEqualTo(rule);
    }
    assertThat(problem.getInteger("status")).isEqualTo(429);
    assertThat(problem.getInteger("retryAfter")).isEqualTo(7);
    assertThat(problem.getString("requestId")).isEqualTo("req-9");
    assertThat(problem.getString("type")).isEqualTo("urn:avalo:gateway:limited");
  }

  /** Lone surrogates have no UTF-8. */
  private static boolean isWellFormed(String text) {
    return java.nio.charset.StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }
}
