package app.avalo.gateway.forward.choice;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Place;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.forward.body.BodyRoom;
import app.avalo.gateway.forward.body.RequestBody;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.upstream.UpstreamPool;
import app.avalo.gateway.upstream.UpstreamTrust;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.lang.reflect.Proxy;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What further attempts cost, and where they lead. */
class TriesTest {
  private static final Vertx VERTX = Vertx.vertx();

  /** Of a purse that nobody has paid from yet. */
  private static final int SAVED = 100;

  private final Plan plan = Plans.minimal().compile();
  private final Standings health = new Standings();
  private final Destinations destinations =
      new Destinations(
          plan, health, new UpstreamPool(VERTX, new VirtualTime(), new UpstreamTrust(VERTX)), 1, 0);
  private final Exchange exchange = Exchanges.on(plan).live();
  private final Tries tries = tries(exchange);

  @AfterAll
  static void stop() {
    VERTX.close();
  }

  private Tries tries(Exchange of) {
    of.placed(Place.UNKNOWN, RegionPreference.of(plan.regions()));
    HttpServerRequest bodiless =
        (HttpServerRequest)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {HttpServerRequest.class},
                (self, method, arguments) ->
                    method.getName().equals("headers") ? HttpHeaders.headers() : true);
    RequestBody.Listener nobody =
        new RequestBody.Listener() {
          @Override
          public void collected() {}

          @Override
          public void tooLarge() {}

          @Override
          public void unpaid(GatewayError why) {}
        };
    return new Tries(
        of,
        destinations,
        new RequestBody(of, bodiless, BodyRoom.ofHeap(), new VirtualTime(), nobody));
  }

  private Destination in(Region region) {
    Service service = Objects.requireNonNull(exchange.target()).service();
    return Objects.requireNonNull(destinations.of(service, region));
  }

  private Destination first() {
    return in(plan.regions().get(0));
  }

  private int hedges() {
    int hedges = 0;
    while (tries.hedge(first(), 0) != null) {
      hedges++;
    }
    return hedges;
  }

  private int retries(boolean sent) {
    int retries = 0;
    while (tries.canMoveOn(first(), sent, 0)) {
      retries++;
    }
    return retries;
  }

  @Test
  void what_hedges_have_spent_no_retry_has() {
    assertThat(hedges()).isEqualTo(SAVED);
    assertThat(retries(true)).isZero();
  }

  @Test
  void what_retries_have_spent_no_hedge_has() {
    assertThat(retries(true)).isEqualTo(SAVED);
    assertThat(hedges()).isZero();
  }

  @Test
  void where_nothing_but_doubt_is_left_a_retry_of_what_was_sent_costs_four() {
    plan.regions().forEach(region -> health.regions.put(region.name(), Standing.SUSPECT));

    assertThat(hedges()).as("never in doubt").isZero();
    assertThat(retries(true)).isEqualTo(SAVED / 4);
  }

  @Test
  void where_nothing_but_doubt_is_left_what_was_not_sent_moves_on_for_one() {
    plan.regions().forEach(region -> health.regions.put(region.name(), Standing.SUSPECT));

    assertThat(retries(false)).isEqualTo(SAVED);
  }

  @Test
  void the_region_that_just_failed_is_not_the_next_even_when_all_were_tried() {
    plan.regions().forEach(region -> health.regions.put(region.name(), Standing.SUSPECT));
    Region preferred = plan.regions().get(0);
    for (Region region : plan.regions()) {
      if (region != preferred) {
        tries.leave(in(region)); // it was in service when the preferred one was in doubt already
      }
    }

    tries.leave(in(preferred));

    RegionChoice.Choice next = RegionChoice.next(exchange, destinations, tries.tried(), true, 0);
    assertThat(Objects.requireNonNull(next.destination()).region()).isNotEqualTo(preferred);
  }

  @Test
  void a_region_without_a_second_is_tried_again() {
    exchange.placed(Place.UNKNOWN, RegionPreference.of(plan.regions().subList(0, 1)));

    tries.leave(first());

    RegionChoice.Choice next = RegionChoice.next(exchange, destinations, tries.tried(), true, 0);
    assertThat(next.destination()).isEqualTo(first());
  }
}
