package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was measured against what the map says. */
class MeasuredPlaceTest {
  @TempDir Path directory;
  private PlacedCallers at;

  @BeforeEach
  void database() {
    at = new PlacedCallers(directory);
  }

  @Test
  void whatAPrefixMeasuredIsStrongerThanTheMapOnceTheAnswerIsASecondOld() {
    assertThat(at.placedLater("80.1.1.1", 10).preference()).hasToString("[eu, asia, us]");
    at.measured("80.1.1.200", "eu", 300);
    at.measured("80.1.1.200", "us", 90);
    assertThat(at.placedLater("80.1.1.1", 10).preference()).hasToString("[eu, asia, us]");
    assertThat(at.placedLater("80.1.1.1", 11).preference()).hasToString("[us, asia, eu]");
    assertThat(at.placedLater("80.1.2.1", 11).preference()).hasToString("[eu, asia, us]");
  }

  @Test
  void aCallerStaysWhereItIsWhileThatIsAboutAsGood() {
    at.measured("80.1.1.1", "eu", 40);
    at.measured("80.1.1.1", "us", 50);
    assertThat(at.placedLater("80.1.1.1", 10).preference()).hasToString("[eu, us, asia]");
    at.measured("80.1.1.1", "us", 37);
    assertThat(at.placedLater("80.1.1.1", 20).preference()).hasToString("[eu, us, asia]");
    at.measured("80.1.1.1", "us", 20);
    assertThat(at.placedLater("80.1.1.1", 30).preference()).hasToString("[us, eu, asia]");
  }

  @Test
  void anAnswerThatSaysTheSameIsTheSameObject() {
    RegionPreference first = at.placedLater("80.1.1.1", 10).preference();
    at.measured("60.9.9.9", "eu", 300);
    assertThat(at.placedLater("80.1.1.1", 20).preference()).isSameAs(first);
  }

  @Test
  void explainingGivesNobodyARegion() {
    Exchange asked = Exchanges.on(at.plan).client("80.1.1.1").at(10 * 1_000_000_000L).explained();
    assertThat(Outcome.of(at.filter, asked).proceeded()).isTrue();
    assertThat(asked.preference()).hasToString("[eu, asia, us]");
    at.measured("80.1.1.1", "eu", 40);
    at.measured("80.1.1.1", "us", 36);
    assertThat(at.placedLater("80.1.1.1", 20).preference()).hasToString("[us, eu, asia]");
  }

  @Test
  void whoHasNoRegionBeginsWithTheNearestUnlessAnotherIsClearlyBetter() {
    at.measured("80.1.1.1", "eu", 40);
    at.measured("80.1.1.1", "us", 38.5f);
    assertThat(at.placedLater("80.1.1.1", 10).preference()).hasToString("[eu, us, asia]");
    at.measured("80.1.2.1", "eu", 40);
    at.measured("80.1.2.1", "us", 36);
    assertThat(at.placedLater("80.1.2.1", 10).preference()).hasToString("[us, eu, asia]");
  }

  @Test
  void explainingRemembersNobodyAndMakesNothingLookFresh() {
    at.explainedAt("60.9.9.9", 10);
    at.explainedAt("60.9.9.9", 10);
    assertThat(at.locator.lookups()).isEqualTo(2);
    assertThat(at.placedLater("80.1.1.1", 10).preference()).hasToString("[eu, asia, us]");
    at.measured("80.1.1.1", "eu", 40);
    at.measured("80.1.1.1", "us", 10);
    assertThat(at.explainedAt("80.1.1.1", 20).preference()).hasToString("[us, eu, asia]");
    at.measured("80.1.1.1", "us", 300);
    assertThat(at.placed(Exchanges.on(at.plan).client("80.1.1.1").at(20_500_000_000L)).preference())
        .hasToString("[eu, asia, us]");
  }

  @Test
  void explainingSaysWhatACallerWithARegionWillGet() {
    at.measured("80.1.1.1", "eu", 40);
    at.measured("80.1.1.1", "us", 50);
    assertThat(at.placedLater("80.1.1.1", 10).preference()).hasToString("[eu, us, asia]");
    at.measured("80.1.1.1", "us", 36);
    Exchange asked = Exchanges.on(at.plan).client("80.1.1.1").at(20 * 1_000_000_000L).explained();
    assertThat(Outcome.of(at.filter, asked).proceeded()).isTrue();
    assertThat(asked.preference()).hasToString("[eu, us, asia]");
  }

  @Test
  void theExplanationSaysWhoMeasuredWhat() {
    at.measured("80.1.1.1", "us", 20);
    Exchange exchange = Exchanges.on(at.plan).client("80.1.1.1").explained();
    Outcome.of(at.filter, exchange);
    assertThat(exchange.explanation().steps().get(1).facts().get("us").toString())
        .matches("expected \\d+ ms over \\d+ km by 8 samples of the prefix, \\d+ ms by distance");
  }
}
