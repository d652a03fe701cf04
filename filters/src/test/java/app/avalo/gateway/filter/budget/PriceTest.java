package app.avalo.gateway.filter.budget;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig.Cost;
import java.math.BigDecimal;
import java.math.RoundingMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PriceTest {
  private static final long CEILING = 1_000_000_000_000L;

  @Property
  void trafficIsTheExactCostRoundedUp(
      @ForAll @LongRange(min = 0, max = 1L << 50) long bytes,
      @ForAll @LongRange(min = 0, max = 1_000_000_000) long perMebibyte) {
    long exact =
        BigDecimal.valueOf(bytes)
            .multiply(BigDecimal.valueOf(perMebibyte))
            .divide(BigDecimal.valueOf(1 << 20), 0, RoundingMode.CEILING)
            .min(BigDecimal.valueOf(Long.MAX_VALUE))
            .longValueExact();

    assertThat(Price.traffic(perMebibyte, bytes)).isEqualTo(exact);
  }

  @Test
  void sumsStopAtTheLargestNumber() {
    assertThat(Price.traffic(Long.MAX_VALUE, Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
    assertThat(Price.add(Long.MAX_VALUE, 1)).isEqualTo(Long.MAX_VALUE);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1000000",
    "0.0125, 12500",
    ".5, 500000",
    "7., 7000000",
    "0.0000001, 1",
    "0.1234567, 123457",
    "0.12345600000, 123456",
    "1000000, 1000000000000"
  })
  void aCostHeaderIsReadExactly(String header, long micros) {
    assertThat(Price.parse(header, CEILING)).isEqualTo(micros);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "-1",
        "+1",
        "1e9",
        "NaN",
        "Infinity",
        "0x10",
        "1,5",
        "1.2.3",
        " 1",
        "1 ",
        "1 PLN",
        "1000000.000001",
        "99999999999999999999999999999999",
        "999999999999999999999999999999999999",
        "9223372036855",
        "\u0661"
      })
  void aHostileCostHeaderIsUnreadable(String header) {
    assertThat(Price.parse(header, CEILING)).isEqualTo(Price.UNREADABLE);
  }

  @Test
  void withoutAReadableHeaderTheEstimateIsCharged() {
    Cost cost = new Cost(10, 0, 1 << 20, "X-Cost", 500);

    assertThat(Price.settled(cost, 0, 40, 7, 500)).isEqualTo(57);
    assertThat(Price.settled(cost, 0, 40, Price.UNREADABLE, 500)).isEqualTo(500);
    assertThat(Price.settled(cost, 0, 40, Price.ABSENT, 500)).isEqualTo(500);
    assertThat(Price.settled(cost, 0, 4000, Price.ABSENT, 500)).isEqualTo(4010);
  }
}
