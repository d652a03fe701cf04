package app.avalo.gateway.edge.answer;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.GatewayError.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which gRPC status a local error is, and how its message is written. */
class GrpcStatusTest {
  @ParameterizedTest
  @CsvSource({
    "BAD_REQUEST, 13",
    "UNAUTHENTICATED, 16",
    "FORBIDDEN, 7",
    "NOT_FOUND, 12",
    "METHOD_NOT_ALLOWED, 12",
    "REQUEST_TIMEOUT, 4",
    "BODY_TOO_LARGE, 8",
    "LIMITED, 8",
    "BUDGET, 8",
    "RESIDENCY, 7",
    "INTERNAL, 13",
    "UPSTREAM_CONNECT, 14",
    "UPSTREAM_RESET, 14",
    "NO_REGION, 14",
    "OVERLOADED, 14",
    "UPSTREAM_TIMEOUT, 4"
  })
  void each_kind_of_error_has_its_status(Kind kind, int expected) {
    assertThat(GrpcStatus.of(kind.status())).isEqualTo(expected);
  }

  @Test
  void a_message_is_percent_encoded_where_a_header_could_not_hold_it() {
    assertThat(GrpcStatus.percentEncoded("100% für\nalle")).isEqualTo("100%25 f%C3%BCr%0Aalle");
  }
}
