package app.avalo.gateway.filter.split;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.RouteConfig.Forward;
import app.avalo.gateway.config.RouteConfig.Weighted;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.Routes;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitFilterTest {
  private static final int USERS = 10_000;

  private final SplitFilter filter = new SplitFilter(exchange -> false);

  private static Plan rollout(int old, int next) {
    return Plans.minimal()
        .service(Plans.service("feed", null))
        .service(Plans.service("feed-next", null))
        .route(split("read", "/feed", old, next))
        .route(split("write", "/post", old, next))
        .compile();
  }

  private static RouteConfig split(String name, String path, int old, int next) {
    Forward both = new Forward(List.of(new Weighted("feed", old), new Weighted("feed-next", next)));
    return Routes.doing(both).name(name).path(path).build();
  }

  private String service(Exchange exchange) {
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    return exchange.target().service().name();
  }

  private List<String> services(Plan plan, Function<Exchanges, Exchanges> of) {
    return IntStream.range(0, USERS)
        .mapToObj(i -> service(of.apply(Exchanges.on(plan).user("user-" + i)).live()))
        .toList();
  }

  @Test
  void eachServiceGetsItsShareOfTheUsers() {
    List<String> services = services(rollout(99, 1), exchange -> exchange);

    assertThat(services.stream().filter("feed-next"::equals)).hasSizeBetween(70, 130);
  }

  @Test
  void neighbouringAddressesAreSpread() {
    Plan plan = rollout(1, 1);

    long next =
        IntStream.range(0, 256)
            .mapToObj(i -> service(Exchanges.on(plan).client("198.51.100." + i).live()))
            .filter("feed-next"::equals)
            .count();

    assertThat(next).isBetween(96L, 160L);
  }

  @Test
  void aUserKeepsTheServiceFromEveryAddress() {
    Plan plan = rollout(1, 1);

    assertThat(services(plan, exchange -> exchange.client("192.0.2.9")))
        .isEqualTo(services(plan, exchange -> exchange.client("2001:db8::9")));
  }

  @Test
  void anIpv6NetworkKeepsItsService() {
    Plan plan = rollout(1, 1);

    assertThat(
            IntStream.range(0, 64)
                .mapToObj(i -> service(Exchanges.on(plan).client("2001:db8::" + i).live())))
        .hasSize(64)
        .containsOnly(service(Exchanges.on(plan).client("2001:db8::ffff").live()));
  }

  @Test
  void routesBetweenTheSameServicesAgree() {
    Plan plan = rollout(1, 1);

    assertThat(services(plan, exchange -> exchange.route(0)))
        .isEqualTo(services(plan, exchange -> exchange.route(1)));
  }

  @Test
  void whoHadTheNewServiceKeepsItWhileItsWeightGrows() {
    List<String> before = services(rollout(90, 10), exchange -> exchange);

    List<String> after = services(rollout(50, 50), exchange -> exchange);

    assertThat(IntStream.range(0, USERS).filter(i -> before.get(i).equals("feed-next")))
        .isNotEmpty()
        .allMatch(i -> after.get(i).equals("feed-next"));
  }

  @Test
  void anApiKeyCountsWhereThereIsNoUser() {
    Plan plan = rollout(1, 1);
    Set<String> services =
        Set.copyOf(
            IntStream.range(0, 64)
                .mapToObj(i -> new Caller(null, "key-" + i, "partner", Set.of()))
                .map(key -> service(Exchanges.on(plan).caller(key).live()))
                .toList());

    assertThat(services).containsExactlyInAnyOrder("feed", "feed-next");
  }

  @Test
  void anExplanationNamesTheServiceOfTheLiveRequestAndWhy() {
    Plan plan = rollout(3, 1);
    Exchange explained = Exchanges.on(plan).user("ada").explained();

    String foretold = service(explained);

    assertThat(foretold).isEqualTo(service(Exchanges.on(plan).user("ada").live()));
    assertThat(explained.explanation().steps())
        .singleElement()
        .satisfies(
            step -> {
              assertThat(step.subject()).isEqualTo("split");
              assertThat(step.verdict()).isEqualTo(foretold);
              assertThat(step.facts())
                  .containsEntry("by", "user")
                  .containsEntry("feed", 3)
                  .containsEntry("feed-next", 1);
            });
  }

  @Test
  void aRouteWithOneServiceIsLeftAlone() {
    Exchange exchange = Exchanges.on(Plans.minimal()).explained();

    assertThat(service(exchange)).isEqualTo("feed");
    assertThat(exchange.explanation().steps()).isEmpty();
  }
}
