package app.avalo.gateway.filter.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.Place;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class RegionMapTest {
  private static final Region BERLIN = region(52.52, 13.405);

  private static Region region(double latitude, double longitude) {
    return new Region(0, new RegionConfig("r", 0, "", latitude, longitude, Set.of(), 0.5));
  }

  private static Place at(double latitude, double longitude) {
    return new Place(null, latitude, longitude, Place.Source.DATABASE);
  }

  @Test
  void distancesAreThoseOfTheAtlas() {
    RegionMap map = new RegionMap(List.of(BERLIN));
    assertThat(map.km(at(35.68, 139.69), BERLIN)).isCloseTo(8918, within(20.0));
    assertThat(map.km(at(37.77, -122.42), BERLIN)).isCloseTo(9105, within(20.0));
    assertThat(map.km(at(52.52, 13.405), BERLIN)).isZero();
    assertThat(map.km(at(-52.52, -166.595), BERLIN)).isCloseTo(20_015, within(1.0));
  }

  @Test
  void theDateLineIsNoWall() {
    Region fiji = region(-17.9, 179.9);
    assertThat(new RegionMap(List.of(fiji)).km(at(-17.9, -179.9), fiji)).isLessThan(25);
  }

  @Test
  void latencyFollowsTheFit() {
    assertThat(RegionMap.expectedMillis(0)).isEqualTo(13.6);
    assertThat(RegionMap.expectedMillis(1000)).isCloseTo(30.36, within(1e-9));
  }

  @Property
  void noPlaceIsFurtherThanHalfTheEquator(
      @ForAll @DoubleRange(min = -90, max = 90) double latitude,
      @ForAll @DoubleRange(min = -180, max = 180) double longitude) {
    double km = new RegionMap(List.of(BERLIN)).km(at(latitude, longitude), BERLIN);
    assertThat(km).isBetween(0.0, 20_016.0);
  }
}
