package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Explanation;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.forward.choice.RegionChoice.Choice;
import app.avalo.gateway.forward.choice.RegionChoice.Verdict;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.upstream.UpstreamPool;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Where an exchange goes next, for every standing, pinned and not. */
class RegionChoiceTest {
  private static final Vertx VERTX = Vertx.vertx();
  private final Plan plan = Plans.minimal().compile();
  private final Standings health = new Standings();
  private final Destinations destinations =
      new Destinations(
          plan, health, new UpstreamPool(VERTX, new VirtualTime(), new UpstreamTrust(VERTX)), 1, 0);

  @AfterAll
  static void stop() {
    VERTX.close();
  }

  private record Bound(Region region, boolean writes, boolean mayWrite) implements Pinned {
    @Override
    public String group() {
      return "chat";
    }

    @Override
    public Contract contract() {
      return Contract.MOVE;
    }

    @Override
    public long epoch() {
      return 1;
    }

    @Override
    public String origin() {
      return "store";
    }

    @Override
    public Pinned now() {
      return this;
    }

    @Override
    public boolean mayWrite(long nowNanos) {
      return mayWrite;
    }

    @Override
    public void tell(MultiMap to, String requestId, long nowNanos) {}

    @Override
    public void refused(long epoch) {}
  }

  private Region region(String name) {
    for (Region region : plan.regions()) {
      if (region.name().equals(name)) {
        return region;
      }
    }
    throw new IllegalArgumentException(name);
  }

  private Exchange exchange(String... order) {
    Exchange exchange = Exchanges.on(plan).live();
    exchange.placed(
        Place.UNKNOWN,
        RegionPreference.of(java.util.Arrays.stream(order).map(this::region).toList()));
    return exchange;
  }

  private Exchange pinned(String home, String... order) {
    Exchange exchange = exchange(order);
    exchange.pin(new Bound(region(home), false, true));
    return exchange;
  }

  private long tried(String... names) {
    long bits = 0;
    for (String name : names) {
      bits |= RegionChoice.bit(region(name).ordinal());
    }
    return bits;
  }

  private String next(Exchange exchange, long tried, boolean patient) {
    Choice choice = RegionChoice.next(exchange, destinations, tried, patient, 0);
    return choice.verdict() + (choice.destination() == null ? "" : " " + choice.destination());
  }

  private void standing(String region, Standing standing) {
    health.regions.put(region, standing);
  }

  @Test
  void the_first_region_in_service_that_was_not_tried_is_taken() {
    Exchange exchange = exchange("us", "eu", "asia");
    assertThat(next(exchange, 0, true)).isEqualTo("GO us");
    assertThat(next(exchange, tried("us"), true)).isEqualTo("GO eu");
    standing("us", Standing.SUSPECT);
    standing("eu", Standing.OUT);
    assertThat(next(exchange, 0, true)).isEqualTo("GO asia");
  }

  @Test
  void a_suspect_is_taken_when_nothing_is_in_service_and_an_outcast_never() {
    Exchange exchange = exchange("us", "eu", "asia");
    standing("us", Standing.OUT);
    standing("eu", Standing.SUSPECT);
    standing("asia", Standing.OUT);
    assertThat(next(exchange, 0, true)).isEqualTo("GO eu");
    standing("eu", Standing.OUT);
    assertThat(next(exchange, 0, true)).isEqualTo("NONE");
  }

  @Test
  void one_that_asks_to_be_left_is_better_than_a_suspect_and_keeps_its_users() {
    standing("us", Standing.SUSPECT);
    standing("eu", Standing.DRAINING);
    Exchange exchange = exchange("us", "eu", "asia");
    assertThat(next(exchange, 0, true)).isEqualTo("GO asia");
    standing("asia", Standing.OUT);
    assertThat(next(exchange, 0, true)).isEqualTo("GO eu");
    assertThat(next(pinned("eu", "us", "eu", "asia"), 0, true)).isEqualTo("GO eu");
  }

  @Test
  void a_region_that_is_not_preferred_is_not_taken_even_when_it_alone_lives() {
    standing("eu", Standing.OUT);
    assertThat(next(exchange("eu"), 0, true)).isEqualTo("NONE");
  }

  @Test
  void a_region_whose_endpoints_are_out_is_the_last_resort_while_it_is_not_out_itself() {
    standing("us", Standing.OUT);
    standing("asia", Standing.OUT);
    health.endpoints.put("eu", Standing.OUT);
    assertThat(next(exchange("us", "eu", "asia"), 0, true)).isEqualTo("GO eu");
  }

  @Test
  void a_pinned_exchange_goes_home_whatever_the_preference_and_the_tries() {
    assertThat(next(pinned("asia", "eu", "us", "asia"), tried("asia"), true)).isEqualTo("GO asia");
  }

  @Test
  void a_pinned_exchange_waits_on_a_suspicion_and_then_goes_home_all_the_same() {
    standing("asia", Standing.SUSPECT);
    Exchange exchange = pinned("asia", "eu", "us", "asia");
    assertThat(next(exchange, 0, true)).isEqualTo("WAIT");
    assertThat(next(exchange, 0, false)).isEqualTo("GO asia");
  }

  @Test
  void a_pinned_exchange_never_goes_where_the_map_does_not_say() {
    standing("asia", Standing.OUT);
    assertThat(next(pinned("asia", "eu", "us", "asia"), 0, true)).isEqualTo("WAIT");
    assertThat(next(pinned("asia", "eu", "us", "asia"), 0, false)).isEqualTo("NONE");
    assertThat(next(pinned("eu", "us"), 0, true)).as("not allowed there").isEqualTo("WAIT");
    assertThat(next(pinned("eu", "us"), 0, false)).isEqualTo("NONE");
  }

  @Test
  void a_write_waits_until_the_map_lets_it_go() {
    Exchange write = exchange("eu", "us");
    write.pin(new Bound(region("eu"), true, false));
    assertThat(next(write, 0, true)).isEqualTo("WAIT");
    assertThat(next(write, 0, false)).isEqualTo("CLOSED");
    write.pin(new Bound(region("eu"), true, true));
    assertThat(next(write, 0, true)).isEqualTo("GO eu");
  }

  @Test
  void no_standing_leads_out_of_the_preference_or_into_what_is_out() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    List<String> names = List.of("eu", "us", "asia");
    for (int i = 0; i < 2000; i++) {
      for (String name : names) {
        standing(name, Standing.values()[random.nextInt(4)]);
        health.shares.put(name, random.nextInt(4) * 341 + 1);
      }
      String[] order = random.nextBoolean() ? new String[] {"us", "eu"} : new String[] {"asia"};
      Exchange exchange =
          random.nextBoolean() ? exchange(order) : pinned(names.get(random.nextInt(3)), order);
      Choice choice =
          RegionChoice.next(exchange, destinations, random.nextInt(8), random.nextBoolean(), 0);
      Destination to = choice.destination();
      if (to != null) {
        assertThat(List.of(order)).as("seed " + seed).contains(to.region().name());
        assertThat(health.standing(to.region())).as("seed " + seed).isNotEqualTo(Standing.OUT);
      }
      assertThat(choice.verdict() == Verdict.GO).as("seed " + seed).isEqualTo(to != null);
    }
  }

  /** A live exchange of the n-th address, with what each region costs it. */
  private Exchange costing(int address, List<String> order, float... costMillis) {
    Exchange exchange = Exchanges.on(plan).client("192.0.2." + address).live();
    exchange.placed(
        Place.UNKNOWN, RegionPreference.of(order.stream().map(this::region).toList(), costMillis));
    return exchange;
  }

  private int callersOf(String region, List<String> order, float... costMillis) {
    int callers = 0;
    for (int i = 0; i < 200; i++) {
      String first = next(costing(i, order, costMillis), 0, true);
      assertThat(next(costing(i, order, costMillis), 0, true)).isEqualTo(first);
      callers += first.equals("GO " + region) ? 1 : 0;
    }
    return callers;
  }

  @Test
  void regions_that_cost_the_same_share_the_callers_and_each_stays_with_its_own() {
    List<String> order = List.of("us", "eu", "asia");
    assertThat(callersOf("us", order, 20, 23, 90)).isBetween(70, 130);
    assertThat(callersOf("asia", order, 20, 23, 90)).isZero();
    assertThat(callersOf("asia", order, 20, 23, 24)).isBetween(40, 95);
    assertThat(callersOf("us", order, 20, 60, 90)).isEqualTo(200);
  }

  @Test
  void a_region_that_returns_takes_its_share_and_nobody_is_left_without_one() {
    List<String> order = List.of("us", "eu", "asia");
    health.shares.put("us", 256);
    assertThat(callersOf("us", order, 20, 60, 90)).isBetween(20, 85);
    health.shares.put("us", 0);
    assertThat(callersOf("us", order, 20, 60, 90)).isZero();
    standing("eu", Standing.SUSPECT);
    standing("asia", Standing.OUT);
    assertThat(callersOf("us", order, 20, 60, 90)).isEqualTo(200);
  }

  @Test
  void who_goes_to_a_region_is_its_user_unless_a_pin_binds_him() {
    RegionChoice.next(exchange("us", "eu"), destinations, 0, true, 0).destination();
    assertThat(health.taken).as("asked only").isEmpty();
    Service service = plan.services().get(0);
    destinations.of(service, region("us")).taken(exchange("us", "eu"));
    destinations.of(service, region("us")).taken(pinned("us", "us", "eu"));
    assertThat(health.taken).containsExactly("us");
  }

  @Test
  void of_regions_that_cost_the_same_those_that_are_left_share_the_callers_of_a_lost_one() {
    List<String> order = List.of("us", "eu", "asia");
    standing("us", Standing.OUT);
    assertThat(callersOf("eu", order, 20, 60, 63)).isBetween(70, 130);
    assertThat(callersOf("asia", order, 20, 60, 63)).isBetween(70, 130);
    assertThat(callersOf("asia", order, 20, 60, 90)).isZero();
    assertThat(callersOf("eu", order, Float.NaN, Float.NaN, Float.NaN)).isEqualTo(200);
  }

  private Explanation.Step explained(int address, List<String> order, float... costMillis) {
    Exchange exchange = Exchanges.on(plan).client("192.0.2." + address).explained();
    exchange.placed(
        Place.UNKNOWN, RegionPreference.of(order.stream().map(this::region).toList(), costMillis));
    RegionChoice.explain(exchange, destinations);
    return exchange.explanation().steps().get(0);
  }

  @Test
  void an_explanation_says_why_the_first_region_is_not_the_one() {
    List<String> order = List.of("us", "eu", "asia");
    assertThat(explained(1, order, 20, 60, 90).verdict()).isEqualTo("us");
    health.shares.put("us", 0);
    assertThat(explained(1, order, 20, 60, 90).verdict())
        .isEqualTo("eu, not us, which takes 0 % of callers and not this one");
    standing("us", Standing.SUSPECT);
    assertThat(explained(1, order, 20, 60, 90).verdict()).isEqualTo("eu, not us, which is suspect");
    standing("us", Standing.OUT);
    assertThat(explained(1, order, 20, 60, 90).verdict()).isEqualTo("eu, not us, which is out");
  }

  @Test
  void an_explanation_tells_regions_that_are_about_as_good_from_the_others() {
    List<String> order = List.of("us", "eu", "asia");
    String own = "eu, not us, which is about as good, but not this caller's of the two";
    int ofEu = 0;
    for (int address = 0; address < 100; address++) {
      Explanation.Step step = explained(address, order, 20, 23, 90);
      ofEu += step.verdict().equals(own) ? 1 : 0;
      assertThat(step.verdict()).isIn("us", own);
      assertThat(next(costing(address, order, 20, 23, 90), 0, true))
          .isEqualTo("GO " + step.verdict().split(",")[0]);
      assertThat(step.facts())
          .containsEntry("eu", "in service, about as good as the best")
          .containsEntry("asia", "in service");
    }
    assertThat(ofEu).isBetween(30, 70);
  }
}
