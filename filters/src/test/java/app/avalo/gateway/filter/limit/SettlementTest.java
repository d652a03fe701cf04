package app.avalo.gateway.filter.limit;

import static app.avalo.gateway.filter.limit.Policies.perMinute;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.config.LimitConfig.KeyPart;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What requests are charged once it is known what they cost. */
class SettlementTest {
  private static final Cost TOLD = new Cost(10, Map.of(), 0, "X-Cost");
  private static final Cost TOLD_OR_BY_BODY = new Cost(1, Map.of(), 2, "X-Cost");

  private final VirtualTime time = new VirtualTime();
  private final Limits limits = new Limits(time, 1);
  private final LimitFilter filter = new LimitFilter(limits, null, "avalo");

  private static Plan plan(Cost cost) {
    return Policies.plan(Policies.named("calls").of(perMinute(100)).cost(cost).build());
  }

  private Exchange begun(Plan plan) {
    Exchange exchange =
        Exchanges.on(plan)
            .user("alice")
            .method("POST")
            .header("transfer-encoding", "chunked")
            .at(time.nanos())
            .live();
    assertThat(Outcome.of(filter, exchange).proceeded()).isTrue();
    return exchange;
  }

  private static MultiMap cost(String told) {
    return HttpHeaders.headers().set("X-Cost", told);
  }

  private void answered(Exchange exchange, MultiMap head) {
    filter.response(exchange, new Reply.Proxied(200, head));
  }

  private long left(Plan plan) {
    Exchange looking = Exchanges.on(plan).user("alice").at(time.nanos()).explained();
    Outcome.of(filter, looking);
    return looking.limits().get(0).remaining();
  }

  @Test
  void whatTheServiceSaysIsCharged() {
    Plan plan = plan(TOLD);
    Exchange exchange = begun(plan);

    answered(exchange, cost("25"));
    assertThat(left(plan)).isEqualTo(75);

    filter.end(exchange);
    assertThat(left(plan)).isEqualTo(75);
  }

  @Test
  void whatItSaysInTrailersIsChargedAtTheEnd() {
    Plan plan = plan(TOLD);
    Exchange exchange = begun(plan);
    answered(exchange, HttpHeaders.headers());
    exchange.trailers(cost("25"));

    filter.end(exchange);

    assertThat(left(plan)).isEqualTo(75);
  }

  @Test
  void trailersReplaceWhatTheHeadSaid() {
    Plan plan = plan(TOLD);
    Exchange exchange = begun(plan);
    answered(exchange, cost("40"));
    exchange.trailers(cost("3"));

    filter.end(exchange);

    assertThat(left(plan)).isEqualTo(97);
  }

  @Test
  void aBodyIsChargedByWhatHasComeWhereTheAnswerDoesNotSayWhatItCost() {
    Plan plan = plan(TOLD_OR_BY_BODY);
    Exchange exchange = begun(plan);
    exchange.addBytesIn(20 << 20);
    answered(exchange, HttpHeaders.headers());

    filter.end(exchange);

    assertThat(left(plan)).isEqualTo(100 - 1 - 40);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "many", "-3", "1234567890"})
  void orWhereThatCannotBeRead(String told) {
    Plan plan = plan(TOLD_OR_BY_BODY);
    Exchange exchange = begun(plan);
    exchange.addBytesIn(20 << 20);
    answered(exchange, cost(told));
    exchange.trailers(cost(told));

    filter.end(exchange);

    assertThat(left(plan)).isEqualTo(100 - 1 - 40);
  }

  @Test
  void whatWasPaidForABodyThatNeverCameIsGivenBackIfTheGatewayAnswers() {
    Plan plan = plan(TOLD_OR_BY_BODY);
    Exchange exchange = begun(plan);
    filter.response(exchange, Reply.Local.empty(502));

    filter.end(exchange);

    assertThat(left(plan)).isEqualTo(99);
  }

  @Test
  void aBodyCostsNothingBesideWhatTheServiceSays() {
    Plan plan = plan(TOLD_OR_BY_BODY);
    Exchange exchange = begun(plan);
    exchange.addBytesIn(20 << 20);
    answered(exchange, cost("5"));

    filter.end(exchange);

    assertThat(left(plan)).isEqualTo(95);
  }

  @ParameterizedTest
  @EnumSource(names = {"CALLER", "ROUTE"})
  void anUploadThatEndsAfterAReloadLeavesTheRateThatItAdded(KeyPart part) {
    Cost cost = new Cost(1, Map.of(), 1, null);
    var second = Policies.per(10, Duration.ofSeconds(1), 10);
    Policies calls = Policies.named("calls").key(part).cost(cost);
    Plan before = Policies.plan(calls.of(second).build());
    Plan after = Policies.plan(calls.of(second, Policies.per(20, Duration.ofDays(1), 20)).build());
    LimitFilter idle = new LimitFilter(limits, null, "avalo");
    Exchange upload = begun(before);
    Exchange other =
        Exchanges.on(before).user("alice").header("transfer-encoding", "chunked").live();
    assertThat(Outcome.of(idle, other).proceeded()).isTrue();
    time.advance(Duration.ofSeconds(2));
    assertThat(passes(after, 20)).isEqualTo(10);
    time.advance(Duration.ofSeconds(2));
    passes(after, 20);

    upload.addBytesIn(3 << 20);
    other.addBytesIn(1 << 20);
    filter.end(upload);
    idle.end(other); // a loop that has not heard of the reload

    time.advance(Duration.ofSeconds(2));
    assertThat(passes(after, 20)).isZero();
  }

  private int passes(Plan plan, int requests) {
    int passed = 0;
    for (int i = 0; i < requests; i++) {
      Exchange exchange = Exchanges.on(plan).user("alice").at(time.nanos()).live();
      passed += Outcome.of(filter, exchange).proceeded() ? 1 : 0;
    }
    return passed;
  }

  @Test
  void whoBeganUnderTheEarlierPlanAndWaitedIsAskedByTheRatesOfThePresentOne() {
    Policies calls = Policies.named("calls");
    var second = Policies.per(10, Duration.ofSeconds(1), 10);
    Plan before = Policies.plan(calls.of(second).build());
    Plan after = Policies.plan(calls.of(second, Policies.per(20, Duration.ofDays(1), 20)).build());
    long early = time.nanos();
    time.advance(Duration.ofSeconds(2));
    assertThat(passes(after, 20)).isEqualTo(10);
    time.advance(Duration.ofSeconds(2));
    assertThat(passes(after, 20)).isEqualTo(10);
    time.advance(Duration.ofSeconds(2));

    Exchange late = Exchanges.on(before).user("alice").at(early).live();

    assertThat(Outcome.of(filter, late).proceeded()).isFalse();
    assertThat(passes(after, 20)).isZero();
  }

  @Test
  void nothingIsSettledWithAPolicyThatIsNoMoreOrCountsByAnotherKey() {
    Cost cost = new Cost(1, Map.of(), 1, null);
    Policies calls = Policies.named("calls").of(perMinute(100)).cost(cost);
    Plan before = Policies.plan(calls.build());
    Plan after = Policies.plan(calls.key(KeyPart.ADDRESS).build());
    Plan without = Policies.plan(Policies.named("other").of(perMinute(100)).build());
    Exchange first = begun(before);
    Exchange second = begun(before);
    first.addBytesIn(30 << 20);
    second.addBytesIn(30 << 20);
    passes(after, 1);

    filter.end(first);
    assertThat(left(after)).isEqualTo(99);

    passes(without, 1);
    int tables = limits.tables();
    filter.end(second);
    assertThat(limits.tables()).isEqualTo(tables);
  }

  @Test
  void whatARequestCostIsReckonedByThePriceUnderWhichItBegan() {
    Policies calls = Policies.named("calls").of(perMinute(100));
    Plan before = Policies.plan(calls.cost(new Cost(1, Map.of(), 5, null)).build());
    Plan after = Policies.plan(calls.cost(new Cost(1, Map.of(), 1, null)).build());
    Exchange upload = begun(before);
    upload.addBytesIn(1 << 20);
    passes(after, 1);

    filter.end(upload);

    assertThat(left(after)).isEqualTo(100 - 6 - 1);
  }
}
