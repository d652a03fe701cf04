package app.avalo.gateway.situation;

import static app.avalo.gateway.situation.Answers.explain;
import static app.avalo.gateway.situation.Answers.header;
import static app.avalo.gateway.situation.Answers.problem;
import static app.avalo.gateway.situation.Answers.servedBy;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.region.Standing;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.Calm;
import app.avalo.gateway.testing.Mode;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ThreeRegions;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Personal data of German users stays in regions that satisfy the tag, whatever is lost. */
class ResidencyIT {
  private final ThreeRegions regions = new ThreeRegions();
  private final RunningGateway gateway =
      RunningGateway.start(
          ThreeRegions.PLACES
              + """
              services:
                profile: {residency: true, %1$s}
                chat: {residency: true, pin: {contract: move}, %1$s}
                wallet: {residency: true, pin: {contract: single-home}, %1$s}
                feed: {%1$s}
              routes:
                - {name: profile, match: {path: {prefix: /profile}}, service: profile}
                - name: once
                  match: {path: {prefix: /once}}
                  service: profile
                  retry: {hedge: false}
                - {name: chat, match: {path: {prefix: /chat}}, service: chat}
                - {name: wallet, match: {path: {prefix: /wallet}}, service: wallet}
                - {name: feed, match: {path: {prefix: /feed}}, service: feed}
              """
                  .formatted(regions.everywhere()));

  @AfterEach
  void stop() {
    gateway.close();
    regions.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"RESET_BEFORE_HEAD", "ERROR_503", "GARBAGE", "ACCEPT_AND_CLOSE"})
  void german_users_get_an_error_rather_than_a_region_abroad(Mode mode) {
    regions.eu().mode(mode);

    for (int i = 0; i < 20; i++) {
      for (String path : new String[] {"/profile", "/chat", "/wallet"}) {
        HttpResponse<String> answer = gateway.get(path, "X-Forwarded-For", ThreeRegions.BERLIN);
        assertThat(answer.statusCode()).as(path).isBetween(500, 504);
        assertThat(servedBy(answer)).isNotIn("us", "asia");
      }
    }
    assertThat(regions.us().requests() + regions.asia().requests()).isZero();
  }

  @Test
  void pinned_german_users_stay_when_their_region_is_out() {
    String cookie = Answers.cookie(gateway.get("/chat", "X-Forwarded-For", ThreeRegions.BERLIN));
    regions.eu().mode(Mode.RESET_BEFORE_HEAD);
    Awaiting.until(
        () ->
            gateway.gateway().health().standing(gateway.gateway().plan().region("eu"))
                == Standing.OUT);

    HttpResponse<String> answer =
        gateway.get("/chat", "X-Forwarded-For", ThreeRegions.BERLIN, "Cookie", cookie);

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(problem(answer)).isEqualTo("no-region");
    assertThat(header(answer, "Retry-After")).isNotEmpty();
    assertThat(regions.us().requests() + regions.asia().requests()).isZero();
  }

  @Test
  void users_whom_no_region_may_serve_are_told_so() {
    HttpResponse<String> answer = gateway.get("/profile", "X-Forwarded-For", ThreeRegions.NOWHERE);

    assertThat(answer.statusCode()).isEqualTo(451);
    assertThat(problem(answer)).isEqualTo("residency");
    assertThat(answer.body()).contains("data rules of KP");
    assertThat(explain(gateway, "GET", "/profile", ThreeRegions.NOWHERE).status()).isEqualTo(451);
    assertThat(regions.requests()).isZero();
    assertThat(gateway.get("/feed", "X-Forwarded-For", ThreeRegions.NOWHERE).statusCode())
        .isEqualTo(200);
  }

  @Test
  void services_without_personal_data_go_on_elsewhere() {
    regions.eu().mode(Mode.RESET_BEFORE_HEAD);

    assertThat(servedBy(gateway.get("/feed", "X-Forwarded-For", ThreeRegions.BERLIN)))
        .isIn("us", "asia");
  }

  @Test
  void a_user_who_was_bound_abroad_comes_home_when_found_in_germany() {
    HttpResponse<String> abroad =
        gateway.get("/chat", "X-Forwarded-For", ThreeRegions.SAN_FRANCISCO);

    HttpResponse<String> home =
        gateway.get(
            "/chat", "X-Forwarded-For", ThreeRegions.BERLIN, "Cookie", Answers.cookie(abroad));

    assertThat(servedBy(abroad)).isEqualTo("us");
    assertThat(servedBy(home)).isEqualTo("eu");
  }

  @Test
  void whatever_the_address_no_german_one_is_led_abroad() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      String address = address(random);

      String served = servedBy(gateway.get("/profile", "X-Forwarded-For", address));

      assertThat(served)
          .as("seed %d, %s", seed, address)
          .isIn(address.contains("192.0.2.") ? List.of("eu") : List.of("eu", "us", "asia"));
    }
  }

  /** Where nothing is asked twice: a second region asked as well may be the first to answer. */
  @Test
  void explain_names_the_region_that_serves_while_none_changes_its_standing() {
    Calm calm = new Calm(gateway.gateway().health());
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 200; i++) {
      String address = address(random);

      String[] both =
          calm.observe(
              () -> {
                Region foretold = explain(gateway, "GET", "/once", address).region();
                String served = servedBy(gateway.get("/once", "X-Forwarded-For", address));
                return new String[] {foretold == null ? "nobody" : foretold.name(), served};
              });

      assertThat(both[0]).as("seed %d, %s", seed, address).isEqualTo(both[1]);
    }
  }

  private static String address(Random random) {
    String[] blocks = {"192.0.2.", "198.51.100.", "203.0.113.", "10.20.30.", "172.16.0."};
    String address = blocks[random.nextInt(blocks.length)] + random.nextInt(256);
    return random.nextBoolean() ? "::ffff:" + address : address;
  }
}
