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
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client has one vote however many replicas it asks, through a real Redis. */
class VotesIT {
  private static final IpAddress CLIENT = IpAddress.parse("80.1.1.1");

  private final Plan plan = Plans.minimal().compile();
  private final Region eu = Objects.requireNonNull(plan.region("eu"));
  private final PinConfig keys =
      new PinConfig(
          "gwpin",
          List.of(new PinConfig.Key(1, new Secret("0123456789abcdef0123456789abcdef"))),
          Duration.ofDays(1));
  private final Beacons one = replica();
  private final Beacons other = replica();
  private RedisServer server;
  private Loop loop;
  private RedisLink link;

  @BeforeEach
  void start() {
    server = RedisServer.start();
    loop = new Loop();
    link = loop.link(server);
  }

  @AfterEach
  void stop() {
    loop.close();
    server.close();
  }

  private static Beacons replica() {
    return new Beacons(new LatencyModel(6, Ticker.SYSTEM), Ticker.SYSTEM);
  }

  private Verdict report(Beacons to, String invitation) {
    Place warsaw = new Place("PL", 52.2, 21.0, 10, 1, Place.Source.DATABASE);
    Beacons.Report report = new Beacons.Report(CLIENT, invitation, Map.of(eu, 40f));
    return loop.await(
        () ->
            to.report(
                new Votes(link, "t"),
                keys,
                new RegionMap(plan.regions()).client(CLIENT, warsaw),
                report));
  }

  @Test
  void an_invitation_that_one_replica_has_heard_is_refused_by_the_other() throws IOException {
    String invitation = one.invite(keys, CLIENT, List.of(eu));
    assertThat(report(one, invitation)).isEqualTo(Verdict.ACCEPTED);
    assertThat(report(other, invitation)).isEqualTo(Verdict.TOO_OFTEN);
    assertThat(other.count(Verdict.TOO_OFTEN)).isOne();
    assertThat(server.command("TTL t:vote:{0000ffff50010101}")).isIn(":3600", ":3599");
  }

  @Test
  void without_redis_each_replica_counts_for_itself() {
    String invitation = one.invite(keys, CLIENT, List.of(eu));
    server.close();
    loop.until(Duration.ofSeconds(5), () -> !link.isUp());
    assertThat(report(one, invitation)).isEqualTo(Verdict.ACCEPTED);
    assertThat(report(one, invitation)).isEqualTo(Verdict.REPLAYED);
    assertThat(report(other, invitation)).isEqualTo(Verdict.ACCEPTED);
  }
}
