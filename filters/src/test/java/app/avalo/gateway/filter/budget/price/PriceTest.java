package app.avalo.gateway.filter.budget.price;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.BudgetConfig.Cost;
import io.vertx.core.http.HttpHeaders;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
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

  @Property
  void aShareOfAThousandIsExactRoundedUp(
      @ForAll @LongRange(min = 0, max = 1L << 50) long count,
      @ForAll @LongRange(min = 0, max = 1_000_000_000) long perThousand) {
    long exact =
        BigDecimal.valueOf(count)
            .multiply(BigDecimal.valueOf(perThousand))
            .divide(BigDecimal.valueOf(1000), 0, RoundingMode.CEILING)
            .min(BigDecimal.valueOf(Long.MAX_VALUE))
            .longValueExact();

    assertThat(Price.share(perThousand, count)).isEqualTo(exact);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "12, 12", "999999999999999, 999999999999999"})
  void aCountIsRead(String header, long count) {
    assertThat(Price.parseCount(header)).isEqualTo(count);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "1.5", "1e3", " 1", "1000000000000000", "\u0661"})
  void aHostileCountIsUnreadable(String header) {
    assertThat(Price.parseCount(header)).isEqualTo(Price.UNREADABLE);
  }

  @Test
  void bytesAndSecondsAddUp() {
    Cost cost = new Cost(10, 1 << 20, 2 << 20, 3_000, null, Map.of(), 0, 1, null);

    assertThat(Price.known(cost, 7, 5, 1_500)).isEqualTo(10 + 7 + 10 + 4_500);
    assertThat(Price.known(cost, 0, 0, 0)).isEqualTo(10);
  }

  @Test
  void aBillAddsWhatIsToldAndTrailersComeLast() {
    Cost cost =
        new Cost(
            0, 0, 0, 0, "X-Cost", Map.of("X-Tokens", 4_000L, "X-Images", 10_000L), 500, 500, null);
    Bill bill = new Bill(Bill.Form.of(cost, CEILING));
    bill.read(HttpHeaders.headers().set("x-cost", "0.000100").set("x-tokens", "1"));
    assertThat(bill.isComplete()).isFalse();
    assertThat(bill.sum()).isEqualTo(100 + 4);

    bill.read(HttpHeaders.headers().set("X-Tokens", "1500").set("X-Images", "3"));

    assertThat(bill.isComplete()).isTrue();
    assertThat(bill.sum()).isEqualTo(100 + 6_000 + 30);
  }

  @Test
  void aCountWhosePriceIsBeyondTheCeilingIsUnreadable() {
    Cost cost = new Cost(0, 0, 0, 0, null, Map.of("X-Tokens", 1_000L), 500, 500, null);
    Bill bill = new Bill(Bill.Form.of(cost, 1_000));

    bill.read(HttpHeaders.headers().set("X-Tokens", "1001"));

    assertThat(bill.isComplete()).isFalse();
    assertThat(bill.sum()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "100, 0.29, 29", // 28.999999999999996 in floating point
    "3, 0.5, 1",
    "4000000000000000, 0.07, 280000000000000",
    "9007199254740993, 1, 9007199254740993",
    "9007199254740993, 0, 0",
  })
  void aShareOfAnAmountIsExact(long micros, double share, long part) {
    assertThat(Price.part(micros, share)).isEqualTo(part);
  }

  @Test
  void whatIsKnownBeforehandHasNoBill() {
    Cost known = new Cost(9, 9, 9, 9, null, Map.of(), 9, 9, null);
    Bill bill = new Bill(Bill.Form.of(known, CEILING));
    assertThat(bill.isTold()).isFalse();
    assertThat(bill.isComplete()).isTrue();
    assertThat(bill.sum()).isZero();
  }
}
