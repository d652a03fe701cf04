package app.avalo.gateway.filter.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.filter.limit.ObedientClient.Obeys;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ObedientClientTest {
  private static final Map<String, String> PASSED =
      Map.of(
          "RateLimit-Policy", "\"a/s\";q=10;w=1, \"a/min\";q=100;w=60, \"b \\\"c\\\"\";q=5;w=10",
          "RateLimit", "\"a/min\";r=3;t=40,\"b \\\"c\\\"\"; r=7;t=2");
  private static final Map<String, String> REFUSED =
      Map.of(
          "RateLimit-Policy", "\"a\";q=10;w=1",
          "RateLimit", "\"a\";r=0;t=9",
          "Retry-After", "4");

  private static long millis(Obeys obeys, int status, Map<String, String> answer, int cost) {
    ObedientClient client = new ObedientClient(obeys, 5_000_000);
    return client.waitNanos(status, answer::get, cost, cost) / 1_000_000;
  }

  @Test
  void whoGoesByWhatIsLeftWaitsWhereItIsTooLittle() {
    assertThat(millis(Obeys.RATE_LIMIT, 200, PASSED, 3)).isEqualTo(5);
    assertThat(millis(Obeys.RATE_LIMIT, 200, PASSED, 4)).isEqualTo(40_000);
  }

  @Test
  void whoGoesByThePolicyKeepsThePaceOfTheTightest() {
    assertThat(millis(Obeys.POLICY, 200, PASSED, 1)).isEqualTo(2_000);
    assertThat(millis(Obeys.POLICY, 200, PASSED, 3)).isEqualTo(6_000);
  }

  @Test
  void whoIsRefusedWaitsAsLongAsItIsTold() {
    for (Obeys obeys : Obeys.values()) {
      assertThat(millis(obeys, 429, REFUSED, 1)).as("%s", obeys).isEqualTo(4_000);
    }
    assertThat(millis(Obeys.RETRY_AFTER, 200, PASSED, 9)).isEqualTo(5);
  }

  @Test
  void whatIsNoListOfStringsIsNotTakenForOne() {
    for (String field :
        new String[] {"a;r=1", "\"a\";r=1,", "\"a\";r", "\"a\"r=1", "\"a;r=1", ""}) {
      assertThatThrownBy(() -> ObedientClient.list(field))
          .as(field)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
