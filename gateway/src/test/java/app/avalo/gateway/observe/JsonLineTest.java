package app.avalo.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;

class JsonLineTest {
  private final JsonLine line = new JsonLine(64 << 10);

  private String written() {
    return new String(line.bytes(), 0, line.length(), StandardCharsets.UTF_8);
  }

  @Property
  void anyTextComesBackAsItWasAndStaysOnOneLine(@ForAll @StringLength(max = 300) String text) {
    line.begin().text("a", text, 300).number("b", 1).end();
    String json = written();
    assertThat(json.indexOf('\n')).isEqualTo(json.length() - 1);
    assertThat(json.chars().filter(c -> c < 0x20 || c >= 0x7f && c < 0xa0).count()).isOne();
    String expected =
        new String(text.getBytes(StandardCharsets.UTF_16LE), StandardCharsets.UTF_16LE);
    assertThat(new JsonObject(json).getString("a")).isEqualTo(expected);
  }

  @Property
  void aLongTextIsCutAndSaysSo(@ForAll @StringLength(min = 11, max = 40) String text) {
    line.begin().text("a", text, 10).end();
    String cut = new JsonObject(written()).getString("a");
    assertThat(cut).hasSize(13).endsWith("...");
  }

  @Property
  void numbersAreExact(@ForAll long number) {
    line.begin().number("n", number).end();
    assertThat(new JsonObject(written()).getLong("n")).isEqualTo(number);
  }

  @Property
  void timesAreThoseOfTheCalendar(
      @ForAll @LongRange(min = 0, max = 253_402_300_799_999L) long epochMillis) {
    line.begin().time("t", epochMillis).end();
    assertThat(Instant.parse(new JsonObject(written()).getString("t")).toEpochMilli())
        .isEqualTo(epochMillis);
  }

  @Example
  void millisecondsHaveThreeDecimals() {
    line.begin().millis("a", 12_005_999).millis("b", -5).end();
    assertThat(written()).isEqualTo("{\"a\":12.005,\"b\":0.000}\n");
  }
}
