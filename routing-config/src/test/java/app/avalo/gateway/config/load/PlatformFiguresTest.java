package app.avalo.gateway.config.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import app.avalo.gateway.config.BudgetConfig;
import app.avalo.gateway.config.BudgetConfig.Period;
import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Allowance;
import app.avalo.gateway.config.LimitConfig.Bandwidth;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.LimitConfig.Mode;
import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.RouteConfig.Cors;
import app.avalo.gateway.config.RouteConfig.Need;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.ServiceConfig.Priority;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Route;
import app.avalo.gateway.config.unit.Money;
import app.avalo.gateway.config.unit.Rate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every figure of the platform that its files can say is the one that they say. */
class PlatformFiguresTest {
  private static final Duration FAILOVER = Duration.ofSeconds(3);
  private static final GatewayConfig CONFIG =
      ((Loaded.Valid) ConfigLoader.load(Path.of("avalo"), PlatformFilesTest.ENV::get)).config();
  private static final Plan PLAN = Plan.compile(CONFIG);

  private static ServiceConfig service(String name) {
    return Objects.requireNonNull(CONFIG.services().get(name));
  }

  private static Route route(String name) {
    return PLAN.routes().stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow();
  }

  private static Allowance perMinute(int count, int burst) {
    return new Allowance(List.of(new Bandwidth(new Rate(count, Duration.ofMinutes(1)), burst)));
  }

  @ParameterizedTest
  @CsvSource({
    "eu, 0, Berlin, 52.5, 13.4",
    "us, 1, San Francisco, 37.8, -122.4",
    "asia, 2, Tokyo, 35.7, 139.7"
  })
  void threeRegionsServe(String name, int index, String place, double latitude, double longitude) {
    RegionConfig region = Objects.requireNonNull(CONFIG.regions().get(name));

    assertThat(region.index()).isEqualTo(index);
    assertThat(region.place()).isEqualTo(place);
    assertThat(region.latitude()).isCloseTo(latitude, within(0.1));
    assertThat(region.longitude()).isCloseTo(longitude, within(0.1));
  }

  @Test
  void berlinIsThePrimaryAndEveryServiceIsInAllRegions() {
    assertThat(CONFIG.placing().order()).containsExactly("eu", "us", "asia");
    assertThat(CONFIG.services().values())
        .allSatisfy(service -> assertThat(service.regions()).containsOnlyKeys("eu", "us", "asia"));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "panic, critical, 100, -, -, -",
        "wallet, critical, 400, 0.002, 30, single_home",
        "chat, critical, 400, -, 10, move",
        "calls, critical, 400, -, -, stay",
        "events, high, 400, -, -, -",
        "ai, normal, 400, -, 15, -",
        "support, normal, -, -, 60, -",
        "feed, normal, 500, 0.001, -, -",
        "profile, normal, 500, 0.001, -, -",
        "likes, normal, 500, 0.001, -, -",
        "media, normal, 500, 0.001, -, -",
      })
  void eachServiceHasItsClassTargetsAndPin(
      String name, String priority, Long latency, Double errors, Long recovery, String contract) {
    ServiceConfig service = service(name);

    assertThat(service.priority()).isEqualTo(Priority.valueOf(priority.toUpperCase(Locale.ROOT)));
    assertThat(service.targets().latency())
        .isEqualTo(latency == null ? null : Duration.ofMillis(latency));
    assertThat(service.targets().errorRatio()).isEqualTo(errors);
    assertThat(service.targets().recovery())
        .isEqualTo(recovery == null ? null : Duration.ofSeconds(recovery));
    assertThat(
            service.pin() == null ? null : service.pin().contract().name().toLowerCase(Locale.ROOT))
        .isEqualTo(contract);
  }

  @Test
  void healthIsAskedEveryTenSecondsAndFailoverIsOverInThree() {
    assertThat(CONFIG.services().values())
        .allSatisfy(
            service -> {
              HealthCheck health = service.health();
              assertThat(health.times().interval()).isEqualTo(Duration.ofSeconds(10));
              assertThat(
                      health
                          .times()
                          .timeout()
                          .plus(health.times().burstInterval().multipliedBy(health.failures())))
                  .isLessThan(FAILOVER);
              assertThat(service.timeouts().connect()).isLessThan(FAILOVER);
            });
  }

  /**
   * It is repeated elsewhere and its region suspected, so it must be more than what is promised.
   */
  @Test
  void anAttemptHasMoreThanItsServicePromisesAndLessThanAFailover() {
    for (ServiceConfig service : CONFIG.services().values()) {
      Duration attempt = service.timeouts().attempt();
      Duration promised = service.targets().latency();
      switch (service.name()) {
        // The answer has 3 s, and each one costs.
        case "ai" ->
            assertThat(attempt).isBetween(Duration.ofSeconds(4), service.targets().recovery());
        // p99 < 1 s.
        case "feed", "profile", "likes", "media" ->
            assertThat(attempt).isBetween(Duration.ofMillis(1200), Duration.ofSeconds(2));
        default -> assertThat(attempt).isLessThan(Duration.ofSeconds(2));
      }
      if (promised != null) {
        assertThat(attempt).as(service.name()).isGreaterThanOrEqualTo(promised.multipliedBy(2));
      }
    }
    assertThat(service("ai").retry().attempts()).isEqualTo(2);
  }

  @Test
  void whatIsLargeHasTheTimeThatItTakes() {
    assertThat(service("media").timeouts().total()).isEqualTo(Duration.ofMinutes(15));
    assertThat(route("media").config().bodyBytes()).isEqualTo(50 << 20);
    assertThat(route("videos").config().timeouts().total()).isEqualTo(Duration.ofHours(3));
  }

  @Test
  void nothingAboutTheCallerCanHaveThePanicButtonRefused() {
    RouteConfig route = route("panic").config();
    ServiceConfig service = service("panic");

    assertThat(route.access().identity()).isEqualTo(Need.NONE);
    assertThat(route.access().roles()).isEmpty();
    assertThat(route.access().allow()).isEmpty();
    assertThat(route.access().deny()).isEmpty();
    assertThat(route.match().methods()).isEmpty();
    assertThat(route.match().headers()).isEmpty();
    assertThat(route.match().clients()).isEmpty();
    assertThat(route.limits()).isEmpty();
    assertThat(route.bodyBytes()).isEqualTo(10 << 20);
    assertThat(service.limits()).isEmpty();
    assertThat(service.residency()).isFalse();
    assertThat(route.retry().methods()).contains("POST");
    assertThat(CONFIG.budgets().values())
        .allSatisfy(
            budget -> {
              assertThat(budget.services()).doesNotContain("panic");
              assertThat(budget.routes()).doesNotContain("panic");
              assertThat(budget.floors()).contains("panic");
            });
  }

  @Test
  void anonymousCallersHave20PerMinuteAndUsers100WithABurstOf200() {
    LimitConfig address = Objects.requireNonNull(CONFIG.limits().get("per-address"));
    LimitConfig user = Objects.requireNonNull(CONFIG.limits().get("per-user"));

    assertThat(address.key()).containsExactly(KeyPart.ADDRESS);
    assertThat(address.allowance()).isNull();
    assertThat(address.tiers()).containsExactlyEntriesOf(Map.of("anonymous", perMinute(20, 200)));
    assertThat(user.key()).containsExactly(KeyPart.USER);
    assertThat(user.allowance()).isEqualTo(perMinute(100, 200));
    assertThat(user.tiers()).isEmpty();
  }

  @Test
  void theModelsAnswer1000RequestsPerMinuteInAll() {
    LimitConfig total = Objects.requireNonNull(CONFIG.limits().get("ai-total"));

    assertThat(total.key()).containsExactly(KeyPart.SERVICE);
    assertThat(total.allowance()).isEqualTo(perMinute(1000, 1000));
    assertThat(service("ai").limits()).contains("ai-total");
  }

  @Test
  void everyServiceButThePanicButtonIsLimitedByAddressThenByUserOnAllReplicas() {
    assertThat(CONFIG.limits().values())
        .allSatisfy(
            limit -> {
              assertThat(limit.mode()).isEqualTo(Mode.EXACT);
              assertThat(limit.shadow()).isFalse();
              assertThat(limit.cost()).isEqualTo(new LimitConfig.Cost(1, Map.of(), 0, null));
            });
    assertThat(CONFIG.services().values())
        .filteredOn(service -> !service.name().equals("panic"))
        .allSatisfy(service -> assertThat(service.limits()).startsWith("per-address", "per-user"));
  }

  @Test
  void aWebSocketServiceHas1000ConnectionsAnd100MessagesASecondOnEach() {
    assertThat(CONFIG.services().values())
        .allSatisfy(
            service -> {
              assertThat(service.webSocket().connections()).isEqualTo(1000);
              assertThat(service.webSocket().messages())
                  .isEqualTo(new Rate(100, Duration.ofSeconds(1)));
            });
  }

  @ParameterizedTest
  @CsvSource({
    "ai, 50000, 0.8, ai",
    "video-bandwidth, 30000, 0.8, video",
    "webrtc-bandwidth, 20000, 0.8, calls",
    "push-notifications, 5000, 0.8, push",
    "cloud-functions, 15000, 0.9, events",
    "database, 10000, 0.9, chat",
    "storage, 8000, 0.9, media",
  })
  void eachBudgetHasItsAmountAndThresholds(
      String name, int amount, double throttle, String charged) {
    BudgetConfig budget = Objects.requireNonNull(CONFIG.budgets().get(name));

    assertThat(budget.amount()).isEqualTo(new Money(amount * 1_000_000L, "PLN"));
    assertThat(budget.period()).isEqualTo(Period.MONTH);
    assertThat(budget.alertAt()).isEqualTo(0.7);
    assertThat(budget.throttleAt()).isEqualTo(throttle);
    assertThat(budget.criticalAt()).isEqualTo(0.9);
    assertThat(budget.services()).contains(charged);
    assertThat(budget.floors()).containsExactly("panic", "wallet");
    assertThat(CONFIG.budgets()).hasSize(7);
  }

  @ParameterizedTest
  @CsvSource({
    "images, 'public, max-age=86400'",
    "videos, 'public, max-age=604800'",
    "avatars, 'public, max-age=2592000'",
    "static, 'public, max-age=31536000, immutable'"
  })
  void whatTheEdgeCachesItKeepsAsLongAsAgreed(String name, String control) {
    assertThat(route(name).config().responseHeaders().set())
        .containsExactlyEntriesOf(Map.of("Cache-Control", control));
    assertThat(route(name).config().match().methods()).containsExactly("GET", "HEAD");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "wallet", "chat", "calls", "events", "ai", "support", "feed", "profile", "likes", "media",
        "push", "admin"
      })
  void everyOtherPartOfTheApiIsAttestedAndOpenToTheAppsOfThePlatformOnly(String name) {
    RouteConfig route = route(name).config();
    Cors cors = Objects.requireNonNull(route.cors());

    assertThat(route.match().headers()).extracting("name").containsExactly("X-Firebase-AppCheck");
    assertThat(route.access().identity()).isNotEqualTo(Need.NONE);
    assertThat(cors.origins()).containsExactly("https://avalo.app", "https://*.avalo.app");
    assertThat(cors.headers()).contains("Authorization", "X-Firebase-AppCheck");
  }

  @Test
  void onlyAdministratorsReachTheAdminPage() {
    assertThat(route("admin").config().access().identity()).isEqualTo(Need.REQUIRED);
    assertThat(route("admin").config().access().roles()).isEqualTo(List.of("admin"));
  }
}
