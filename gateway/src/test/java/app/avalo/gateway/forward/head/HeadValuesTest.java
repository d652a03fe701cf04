package app.avalo.gateway.forward.head;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.NumericChars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers across the gateway, and trace parents. */
class HeadValuesTest {
  private static MultiMap up(MultiMap from) {
    MultiMap to = HttpHeaders.headers();
    HeaderCopy.up(from, to);
    return to;
  }

  private static MultiMap down(MultiMap from) {
    MultiMap to = HttpHeaders.headers();
    HeaderCopy.down(((io.netty.handler.codec.http.HttpHeaders) from)::iteratorCharSequence, to);
    return to;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authenticate",
        "PROXY-AUTHORIZATION",
        "Transfer-Encoding",
        "Upgrade",
        "TE"
      })
  void headers_of_one_hop_pass_neither_way(String name) {
    MultiMap from = HttpHeaders.headers().add(name, "close").add("X-Kept", "1");
    assertThat(up(from).names()).containsExactly("X-Kept");
    assertThat(down(from).names()).containsExactly("X-Kept");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host",
        "Via",
        "Expect",
        "Content-Length",
        "HTTP2-Settings",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "X-Request-Id",
        "TraceParent"
      })
  void headers_that_the_gateway_writes_itself_are_not_copied_up_but_down(String name) {
    MultiMap from = HttpHeaders.headers().add(name, "1");
    assertThat(up(from).isEmpty()).isTrue();
    assertThat(down(from).contains(name)).isTrue();
  }

  @Test
  void listed_headers_are_dropped_in_every_value_and_case() {
    MultiMap from =
        HttpHeaders.headers()
            .add("Connection", "keep-alive , X-One,, x-TWO")
            .add("Connection", "X-Three")
            .add("x-one", "1")
            .add("X-Two", "2")
            .add("x-two", "2")
            .add("X-Three", "3")
            .add("X-Four", "4");
    assertThat(up(from).names()).containsExactly("X-Four");
    assertThat(down(from).names()).containsExactly("X-Four");
  }

  @Property
  void everything_else_passes_with_all_its_values_in_order(
      @ForAll @AlphaChars @StringLength(min = 1, max = 30) String name,
      @ForAll @AlphaChars @NumericChars String one,
      @ForAll @AlphaChars String two) {
    MultiMap from = HttpHeaders.headers().add("x-" + name, one).add("x-" + name, two);
    if (!name.toLowerCase(java.util.Locale.ROOT).startsWith("forwarded")) {
      assertThat(up(from).getAll("X-" + name)).containsExactly(one, two);
    }
    assertThat(down(from).getAll("X-" + name)).containsExactly(one, two);
  }

  @Test
  void trace_parents_are_valid_and_differ() {
    TraceIds traces = new TraceIds();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 5000; i++) {
      String parent = traces.next();
      assertThat(seen.add(parent)).isTrue();
      assertThat(TraceIds.isValid(parent)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "00-00000000000000000000000000000000-1234567890abcdef-01",
        "00-1234567890abcdef1234567890abcdef-0000000000000000-01",
        "00-1234567890ABCDEF1234567890abcdef-1234567890abcdef-01",
        "ff-1234567890abcdef1234567890abcdef-1234567890abcdef-01",
        "00-1234567890abcdef1234567890abcdef-1234567890abcdef-0g",
        "00-1234567890abcdef1234567890abcdef-1234567890abcdef-01-x"
      })
  void a_broken_trace_parent_is_not_taken_over(String parent) {
    assertThat(TraceIds.isValid(parent)).isFalse();
  }
}
