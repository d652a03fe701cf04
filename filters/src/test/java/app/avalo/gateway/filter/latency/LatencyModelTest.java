package app.avalo.gateway.filter.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.latency.LatencyModel.Trust;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LatencyModelTest {
  private static final Place WARSAW = new Place("PL", 52.2, 21.0, 10, 5617, Place.Source.DATABASE);

  private final Region eu = region(0, "eu", 52.52, 13.40);
  private final Region us = region(1, "us", 37.77, -122.42);
  private final RegionMap map = new RegionMap(List.of(eu, us));
  private final VirtualTime time = new VirtualTime();
  private final LatencyModel model = new LatencyModel(6, time);
  private final Vantage caller = map.client(IpAddress.parse("80.1.1.1"), WARSAW);

  private static Region region(int ordinal, String name, double latitude, double longitude) {
    return new Region(
        ordinal, new RegionConfig(name, ordinal, "", latitude, longitude, Set.of(), 0.5));
  }

  private double millis(Vantage from, Region region) {
    return model.explain(from, region.ordinal()).millis();
  }

  private void samples(Vantage from, Region region, double millis, int count) {
    for (int i = 0; i < count; i++) {
      model.sample(from, region.ordinal(), (float) millis, Trust.REPORTED);
    }
  }

  @Test
  void withoutSamplesTheMapSpeaks() {
    assertThat(millis(caller, eu)).isCloseTo(22.3, within(0.2));
    assertThat(model.explain(caller, eu.ordinal()).level()).isNull();
  }

  @Test
  void eightSamplesOfThePrefixSpeakAlmostAlone() {
    samples(caller, eu, 60, 8);
    assertThat(millis(caller, eu)).isCloseTo(60, within(1.0));
    assertThat(model.explain(caller, eu.ordinal()))
        .satisfies(
            known -> {
              assertThat(known.level()).isEqualTo(Level.PREFIX);
              assertThat(known.samples()).isEqualTo(8);
            });
  }

  @Test
  void whatOneCityMeasuresHelpsItsNetworkAndItsCountry() {
    samples(caller, us, 260, 8);
    double before = map.client(IpAddress.parse("9.9.9.9"), WARSAW.in(0)).mapMillis(us.ordinal());
    Place krakow = new Place("PL", 50.1, 19.9, 10, 5617, Place.Source.DATABASE);
    Vantage neighbour = map.client(IpAddress.parse("80.2.2.2"), krakow);
    Vantage compatriot = map.client(IpAddress.parse("90.2.2.2"), krakow.in(1));
    Vantage stranger =
        map.client(
            IpAddress.parse("90.3.3.3"), new Place("CZ", 50.1, 14.4, 10, 1, Place.Source.DATABASE));
    assertThat(millis(neighbour, us)).isGreaterThan(millis(compatriot, us));
    assertThat(millis(compatriot, us)).isGreaterThan(before + 20);
    assertThat(millis(stranger, us)).isEqualTo(stranger.mapMillis(us.ordinal()));
    assertThat(model.explain(compatriot, us.ordinal()).level()).isEqualTo(Level.COUNTRY);
  }

  @Test
  void aPrefixThatWasHeardLatelySpeaksForItselfAlone() {
    for (int i = 0; i < 8; i++) {
      model.sample(caller, us.ordinal(), 400, Trust.REPORTED_AGAIN);
    }
    Vantage neighbour = map.client(IpAddress.parse("80.2.2.2"), WARSAW);
    assertThat(millis(neighbour, us)).isEqualTo(neighbour.mapMillis(us.ordinal()));
  }

  @Test
  void theLowerQuartileSpeaksSoOneQueueChangesNothing() {
    samples(caller, eu, 30, 7);
    samples(caller, eu, 45, 1);
    assertThat(millis(caller, eu)).isCloseTo(30, within(1.0));
  }

  @Test
  void aJumpOfThePathForgetsWhatWasBefore() {
    samples(caller, eu, 30, 8);
    samples(caller, eu, 90, 2);
    assertThat(model.ownSamples(caller, eu.ordinal())).isEqualTo(2);
    assertThat(millis(caller, eu)).isGreaterThan(80);
  }

  @Test
  void oneSampleThatIsFarOffForgetsNothing() {
    samples(caller, eu, 30, 8);
    samples(caller, eu, 300, 1);
    samples(caller, eu, 30, 1);
    samples(caller, eu, 300, 1);
    assertThat(model.ownSamples(caller, eu.ordinal())).isEqualTo(8);
    assertThat(millis(caller, eu)).isCloseTo(30, within(1.0));
  }

  @Test
  void samplesFadeByHalfInSixHours() {
    samples(caller, eu, 100, 1);
    double fresh = millis(caller, eu);
    time.advance(Duration.ofHours(6));
    double later = millis(caller, eu);
    time.advance(Duration.ofDays(30));
    assertThat(later).isLessThan(fresh);
    assertThat(millis(caller, eu)).isLessThan(later).isLessThan(60);
  }

  @Test
  void aCountryHoldsManyPathsAndForgetsNoneForBeingOther() {
    samples(caller, us, 260, 6);
    Vantage lucky = map.client(IpAddress.parse("80.2.2.2"), WARSAW.in(7));
    samples(lucky, us, 130, 2);
    Vantage compatriot = map.client(IpAddress.parse("90.2.2.2"), WARSAW.in(1));
    assertThat(model.explain(compatriot, us.ordinal()).samples()).isEqualTo(8);
  }

  @Test
  void whatMakesTheMeasuredWaysLongIsExpectedOfTheOthersToo() {
    double usual = millis(caller, eu);
    for (int i = 0; i < 8; i++) {
      model.sample(caller, us.ordinal(), 1.5f * caller.mapMillis(1), Trust.REPORTED_AGAIN);
    }
    assertThat(millis(caller, eu)).isBetween(1.3 * usual, 1.4 * usual);
    assertThat(millis(caller, us)).isCloseTo(1.5 * caller.mapMillis(1), within(2.0));
  }

  @Test
  void aWayThatIsBrokenMakesTheOthersLookAtMostTwiceAsLong() {
    double usual = millis(caller, eu);
    for (int i = 0; i < 8; i++) {
      model.sample(caller, us.ordinal(), 5000, Trust.REPORTED_AGAIN);
    }
    assertThat(millis(caller, eu)).isBetween(usual, 2 * usual);
  }

  @Test
  void whatAPrefixAddsToAllItsWaysIsNoDetourOfItsCountry() {
    for (int i = 0; i < 4; i++) {
      for (Region region : List.of(eu, us)) {
        float slow = 1.5f * caller.mapMillis(region.ordinal());
        model.sample(caller, region.ordinal(), slow, Trust.REPORTED);
      }
    }
    Vantage compatriot = map.client(IpAddress.parse("90.2.2.2"), WARSAW.in(1));
    assertThat(millis(compatriot, us)).isLessThan(1.2 * compatriot.mapMillis(us.ordinal()));
  }

  @Test
  void fasterThanLightMeansThatThePositionIsWrong() {
    model.outran(caller);
    assertThat(model.isMisplaced(caller)).isFalse();
    model.outran(caller);
    samples(caller, us, 8, 2);
    assertThat(model.isMisplaced(caller)).isTrue();
    assertThat(millis(caller, us)).isEqualTo(8);
    assertThat(millis(caller, eu)).isNaN();
  }

  @Test
  void aPositionIsTriedAgainAWeekAfterItWasLastWrong() {
    model.outran(caller);
    model.outran(caller);
    time.advance(Duration.ofDays(7).minusMinutes(1));
    assertThat(model.isMisplaced(caller)).isTrue();
    time.advance(Duration.ofMinutes(1));
    assertThat(millis(caller, eu)).isCloseTo(22.3, within(0.2));
  }

  @Test
  void aCallerOfUnknownPlaceIsKnownByItsSamplesAlone() {
    Vantage nowhere = map.client(IpAddress.parse("80.9.9.9"), Place.UNKNOWN);
    samples(nowhere, us, 42, 1);
    assertThat(millis(nowhere, us)).isEqualTo(42);
    assertThat(millis(nowhere, eu)).isNaN();
  }

  @Test
  void theGatewayItselfIsAVantageLikeAnyOther() {
    Vantage gateway = map.gateway(eu);
    assertThat(millis(gateway, eu)).isCloseTo(13.6, within(0.1));
    samples(gateway, eu, 1, 8);
    samples(gateway, us, 140, 8);
    assertThat(millis(gateway, eu)).isLessThan(2);
    assertThat(millis(gateway, us)).isCloseTo(140, within(2.0));
    assertThat(millis(caller, eu)).isCloseTo(22.3, within(0.2));
  }

  @Test
  void theTwoFamiliesHavePrefixesOfTheirOwn() {
    Vantage six = map.client(IpAddress.parse("2001:db8:1:2::7"), WARSAW.in(0));
    for (int i = 0; i < 8; i++) {
      model.sample(six, eu.ordinal(), 70, Trust.REPORTED_AGAIN);
    }
    assertThat(millis(map.client(IpAddress.parse("2001:db8:1:ffff::1"), WARSAW), eu))
        .isCloseTo(70, within(1.0));
    assertThat(millis(map.client(IpAddress.parse("2001:db8:2::1"), WARSAW), eu))
        .isCloseTo(22.3, within(0.2));
  }

  @Test
  void aFloodOfPrefixesNeverGrowsTheTable() {
    LatencyModel small = new LatencyModel(4, time);
    for (int i = 0; i < 10_000; i++) {
      small.sample(map.client(IpAddress.v4(i << 8), WARSAW), 0, 30, Trust.REPORTED_AGAIN);
    }
    assertThat(small.pairs()).isEqualTo(small.capacity()).isEqualTo(128);
  }

  @Test
  void inAFullRowTheOneMeasuredLongestAgoGivesWay() {
    SampleTable table = new SampleTable(1);
    for (long key = 1; key <= 8; key++) {
      table.add(key, 10, (int) (100 - key), Level.PREFIX);
    }
    table.add(9, 10, 200, Level.PREFIX);
    assertThat(table.facts(8)).isZero();
    assertThat(table.facts(7)).isNotZero();
    assertThat(SampleTable.quantile(table.facts(9))).isEqualTo(10);
  }
}
