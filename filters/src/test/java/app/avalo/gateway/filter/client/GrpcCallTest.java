package app.avalo.gateway.filter.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GrpcCallTest {
  @ParameterizedTest
  @CsvSource({
    "1H, 3600000000000",
    "2M, 120000000000",
    "3S, 3000000000",
    "250m, 250000000",
    "7u, 7000",
    "9n, 9",
    "0S, 1",
    "99999999H, 8640000000000000"
  })
  void a_timeout_is_a_number_and_a_unit(String text, long nanos) {
    assertThat(GrpcCall.nanos(text)).isEqualTo(nanos);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "S", "1", "-1S", "1.5S", "1s", "123456789S", "1 S", "S1"})
  void anything_else_is_no_timeout(String text) {
    assertThat(GrpcCall.nanos(text)).isZero();
  }

  @Test
  void the_type_tells_a_call_but_not_one_of_grpc_web() {
    assertThat(GrpcCall.isGrpc("application/grpc")).isTrue();
    assertThat(GrpcCall.isGrpc("application/grpc+proto")).isTrue();
    assertThat(GrpcCall.isGrpc("Application/gRPC; charset=x")).isTrue();
    assertThat(GrpcCall.isGrpc("application/grpc-web")).isFalse();
    assertThat(GrpcCall.isGrpc("application/json")).isFalse();
    assertThat(GrpcCall.isGrpc(null)).isFalse();
  }
}
