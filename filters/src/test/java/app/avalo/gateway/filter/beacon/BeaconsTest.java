package app.avalo.gateway.filter.beacon;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.PinConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.config.unit.Secret;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.beacon.Beacons.Verdict;
import app.avalo.gateway.filter.latency.LatencyModel;
import app.avalo.gateway.filter.latency.RegionMap;
import app.avalo.gateway.filter.latency.Vantage;
import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BeaconsTest {
  private static final IpAddress CLIENT = IpAddress.parse("80.1.1.1");

  private final Plan plan = Plans.minimal().compile();
  private final Region eu = Objects.requireNonNull(plan.region("eu"));
  private final Region us = Objects.requireNonNull(plan.region("us"));
  private final Region asia = Objects.requireNonNull(plan.region("asia"));
  private final PinConfig keys = keys(1, "0123456789abcdef0123456789abcdef");
  private final VirtualTime time = new VirtualTime();
  private final LatencyModel model = new LatencyModel(6, time);
  private final Beacons beacons = new Beacons(model, time);

  private static PinConfig keys(int id, String secret) {
    return new PinConfig(
        "gwpin", List.of(new PinConfig.Key(id, new Secret(secret))), Duration.ofDays(1));
  }

  private Vantage warsaw(IpAddress client) {
    return new RegionMap(plan.regions())
        .client(client, new Place("PL", 52.2, 21.0, 10, 1, Place.Source.DATABASE));
  }

  private String invitation(IpAddress client) {
    return beacons.invite(keys, client, List.of(eu, us));
  }

  private Verdict report(String invitation, Map<Region, Float> millis) {
    return report(CLIENT, invitation, millis);
  }

  private Verdict report(IpAddress client, String invitation, Map<Region, Float> millis) {
    return beacons
        .report(
            new Votes(null, "t"),
            keys,
            warsaw(client),
            new Beacons.Report(client, invitation, millis))
        .result();
  }

  private int samples(Region region) {
    return model.ownSamples(warsaw(CLIENT), region.ordinal());
  }

  @Test
  void aGoodReportIsLearned() {
    assertThat(report(invitation(CLIENT), Map.of(eu, 40f, us, 200f))).isEqualTo(Verdict.ACCEPTED);
    assertThat(samples(eu)).isEqualTo(1);
    assertThat(samples(us)).isEqualTo(1);
    assertThat(beacons.count(Verdict.ACCEPTED)).isEqualTo(1);
  }

  @Test
  void everyChangeOfAnInvitationIsForgery() {
    String good = invitation(CLIENT);
    for (int i = 0; i < good.length(); i++) {
      char other = good.charAt(i) == 'A' ? 'B' : 'A';
      String forged = good.substring(0, i) + other + good.substring(i + 1);
      // The last character has bits that mean nothing.
      if (i < good.length() - 1) {
        assertThat(report(forged, Map.of(eu, 40f))).isEqualTo(Verdict.FORGED);
      }
    }
    assertThat(samples(eu)).isZero();
  }

  @Test
  void garbageIsForgery() {
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = new byte[random.nextInt(90)];
      random.nextBytes(bytes);
      String text = java.util.Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
      assertThat(report(text, Map.of(eu, 40f))).isEqualTo(Verdict.FORGED);
    }
    assertThat(report("", Map.of(eu, 40f))).isEqualTo(Verdict.FORGED);
    assertThat(report("%".repeat(5000), Map.of(eu, 40f))).isEqualTo(Verdict.FORGED);
  }

  @Test
  void anInvitationOfAnotherClientOrKeyOrRegionIsForgery() {
    IpAddress other = IpAddress.parse("80.1.1.2");
    assertThat(report(other, invitation(CLIENT), Map.of(eu, 40f))).isEqualTo(Verdict.FORGED);
    String foreign =
        beacons.invite(keys(1, "another-secret-of-thirty-two-byt"), CLIENT, List.of(eu));
    assertThat(report(foreign, Map.of(eu, 40f))).isEqualTo(Verdict.FORGED);
    assertThat(report(invitation(CLIENT), Map.of(asia, 300f))).isEqualTo(Verdict.FORGED);
  }

  @Test
  void anOldInvitationHasExpired() {
    String invitation = invitation(CLIENT);
    time.advance(Duration.ofSeconds(Beacons.LIFETIME_SECONDS));
    assertThat(report(invitation, Map.of(eu, 40f))).isEqualTo(Verdict.EXPIRED);
  }

  @Test
  void anInvitationIsGoodOnce() {
    String invitation = invitation(CLIENT);
    report(invitation, Map.of(eu, 40f));
    assertThat(report(invitation, Map.of(eu, 40f))).isEqualTo(Verdict.REPLAYED);
    assertThat(samples(eu)).isEqualTo(1);
  }

  @Test
  void aClientHasOneVoteAnHour() {
    report(invitation(CLIENT), Map.of(eu, 40f));
    assertThat(report(invitation(CLIENT), Map.of(eu, 40f))).isEqualTo(Verdict.TOO_OFTEN);
    time.advance(Duration.ofHours(1));
    assertThat(report(invitation(CLIENT), Map.of(eu, 40f))).isEqualTo(Verdict.ACCEPTED);
  }

  @Test
  void aHouseholdOfIpv6HasOneVoteAnHourWhateverItsAddress() {
    IpAddress one = IpAddress.parse("2001:db8:1:2::7");
    IpAddress other = IpAddress.parse("2001:db8:1:2:aaaa::9");
    IpAddress neighbour = IpAddress.parse("2001:db8:1:3::7");
    assertThat(report(one, invitation(one), Map.of(eu, 40f))).isEqualTo(Verdict.ACCEPTED);
    assertThat(report(other, invitation(other), Map.of(eu, 40f))).isEqualTo(Verdict.TOO_OFTEN);
    assertThat(report(neighbour, invitation(neighbour), Map.of(eu, 40f)))
        .isEqualTo(Verdict.ACCEPTED);
  }

  @Test
  void whatNoPathCanBeIsRefusedWhole() {
    for (float millis : new float[] {-1, 0, 5001, Float.NaN, Float.POSITIVE_INFINITY, 85}) {
      assertThat(report(invitation(CLIENT), Map.of(eu, 40f, us, millis)))
          .as("%s", millis)
          .isEqualTo(Verdict.IMPOSSIBLE);
    }
    assertThat(samples(eu)).isZero();
    assertThat(beacons.count(Verdict.IMPOSSIBLE)).isEqualTo(6);
  }

  @Test
  void aReportOfNothingIsMalformed() {
    assertThat(report(invitation(CLIENT), Map.of())).isEqualTo(Verdict.MALFORMED);
  }

  @Test
  void onePrefixHasOneVoteAnHourInItsCountry() {
    for (int i = 1; i <= 8; i++) {
      IpAddress client = IpAddress.parse("80.1.1." + i);
      report(client, invitation(client), Map.of(us, 900f));
    }
    Vantage neighbour = warsaw(IpAddress.parse("80.9.9.9"));
    Vantage beyond =
        new RegionMap(plan.regions())
            .client(
                IpAddress.parse("80.9.9.9"),
                new Place("PL", 52.2, 21.0, 10, 2, Place.Source.DATABASE));
    assertThat(model.explain(neighbour, us.ordinal()).samples()).isEqualTo(1);
    assertThat(model.explain(beyond, us.ordinal()).samples()).isEqualTo(1);
    assertThat(samples(us)).isEqualTo(8);
  }

  private Verdict connected(IpAddress client, float millis) {
    return beacons.connected(warsaw(client), us.ordinal(), millis);
  }

  @Test
  void aConnectionShowsTheWayToWhereItEnds() {
    assertThat(connected(CLIENT, 120)).isEqualTo(Verdict.ACCEPTED);
    assertThat(samples(us)).isEqualTo(1);
    assertThat(samples(eu)).isZero();
    assertThat(beacons.connections(Verdict.ACCEPTED)).isEqualTo(1);
    assertThat(beacons.count(Verdict.ACCEPTED)).isZero();
  }

  @Test
  void noConnectionIsFasterThanLight() {
    for (float millis : new float[] {0, 85, 5001, Float.NaN}) {
      assertThat(connected(CLIENT, millis)).as("%s", millis).isEqualTo(Verdict.IMPOSSIBLE);
    }
    assertThat(samples(us)).isZero();
    assertThat(beacons.connections(Verdict.IMPOSSIBLE)).isEqualTo(4);
  }

  @Test
  void connectionsFasterThanLightShowThatTheMapIsWrongAboutTheirPrefix() {
    connected(CLIENT, 3);
    assertThat(report(invitation(CLIENT), Map.of(us, 4f))).isEqualTo(Verdict.IMPOSSIBLE);
    assertThat(connected(CLIENT, 3)).isEqualTo(Verdict.TOO_OFTEN);
    time.advance(Duration.ofMinutes(10));
    assertThat(connected(CLIENT, 3)).isEqualTo(Verdict.IMPOSSIBLE);
    time.advance(Duration.ofMinutes(10));
    assertThat(connected(CLIENT, 3)).isEqualTo(Verdict.ACCEPTED);
    assertThat(report(invitation(CLIENT), Map.of(us, 4f, eu, 160f))).isEqualTo(Verdict.ACCEPTED);
    assertThat(model.explain(warsaw(CLIENT), us.ordinal()).millis()).isBetween(3.0, 4.0);
    assertThat(model.explain(warsaw(CLIENT), eu.ordinal()).millis()).isEqualTo(160);
  }

  @Test
  void reportsAloneMoveNobodyOnTheMap() {
    for (int i = 1; i <= 8; i++) {
      IpAddress client = IpAddress.parse("80.1.1." + i);
      assertThat(report(client, invitation(client), Map.of(us, 4f))).isEqualTo(Verdict.IMPOSSIBLE);
    }
    assertThat(model.isMisplaced(warsaw(CLIENT))).isFalse();
  }

  @Test
  void onePrefixIsHeardOnceInTenMinutesByItsConnections() {
    connected(CLIENT, 120);
    assertThat(connected(IpAddress.parse("80.1.1.2"), 500)).isEqualTo(Verdict.TOO_OFTEN);
    assertThat(samples(us)).isEqualTo(1);
    time.advance(Duration.ofMinutes(10));
    assertThat(connected(IpAddress.parse("80.1.1.2"), 120)).isEqualTo(Verdict.ACCEPTED);
    assertThat(samples(us)).isEqualTo(2);
  }

  @Test
  void aConnectionAndAReportAreOneVoteOfThePrefix() {
    connected(CLIENT, 120);
    report(invitation(CLIENT), Map.of(us, 125f, eu, 40f));
    Vantage neighbour = warsaw(IpAddress.parse("80.9.9.9"));
    assertThat(samples(us)).isEqualTo(2);
    assertThat(model.explain(neighbour, us.ordinal()).samples()).isEqualTo(1);
    assertThat(model.explain(neighbour, eu.ordinal()).samples()).isEqualTo(1);
  }

  @Test
  void whoCannotBeRememberedIsRefused() {
    OncePer few = new OncePer(1);
    int admitted = 0;
    for (long key = 0; key < 1000; key++) {
      admitted += few.first(key, 10, 20) ? 1 : 0;
    }
    assertThat(admitted).isEqualTo(16);
    assertThat(few.first(5000, 20, 30)).isTrue();
  }
}
