package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.Place;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CountriesTest {
  @Test
  void everyCountryOfTheStandardHasAPointOnEarth() {
    for (String code : Locale.getISOCountries()) {
      int index = Countries.indexOf(code);
      assertThat(index).as(code).isNotNegative();
      Place place = Countries.place(index, Place.Source.HEADER);
      assertThat(place.country()).isEqualTo(code);
      assertThat(place.latitude()).as(code).isBetween(-90.0, 90.0);
      assertThat(place.longitude()).as(code).isBetween(-180.0, 180.0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "P", "POL", "P1", "XX", "T1", "ZZ", "\u0130T", "P L", "pł", "--"})
  void whatIsNoCountryIsIgnored(String text) {
    assertThat(Countries.indexOf(text)).isEqualTo(-1);
  }

  @Test
  void lettersMayBeSmall() {
    assertThat(Countries.indexOf("pl")).isEqualTo(Countries.indexOf("PL")).isNotNegative();
  }

  @Test
  void aPositionThatIsNotOnEarthIsReplacedByTheCountrys() {
    Place place = Countries.place("JP", 912.0, 1e300, Place.Source.DATABASE);
    assertThat(place.country()).isEqualTo("JP");
    assertThat(place.latitude()).isBetween(30.0, 46.0);
  }

  @Test
  void aPositionWithoutCountryIsStillAPosition() {
    Place place = Countries.place(null, 48.7, 9.1, Place.Source.DATABASE);
    assertThat(place.country()).isNull();
    assertThat(place.hasPosition()).isTrue();
  }
}
