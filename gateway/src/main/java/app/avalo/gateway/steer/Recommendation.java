package app.avalo.gateway.steer;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.RegionPreference;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.beacon.Beacons;
import app.avalo.gateway.filter.geo.RoutingAdvice;
import app.avalo.gateway.filter.geo.RoutingAdvice.Choice;
import app.avalo.gateway.region.Health;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where a client should go by itself: the allowed regions that it can reach and that are not out.
 * Those in service that take the caller come first, then those that take others only because they
 * drain or have just returned, then those that ask to be left, then those suspected.
 *
 * @param advice it is made from
 * @param routing where regions are reached
 * @param choices best first, not empty
 */
record Recommendation(RoutingAdvice advice, RouteConfig.Routing routing, List<Choice> choices) {
  /** The true best is nearly always among so many (see RATIONALE.md, "Latency"). */
  private static final int CANDIDATES = 3;

  /** Share of callers who measure although they are known, and of those who look elsewhere. */
  private static final double CURIOSITY = 0.05;

  private static final int KNOWN_SAMPLES = 3;

  private static final int TTL_SECONDS = 300;

  /**
   * Null when there is none.
   *
   * @param better of two regions that cost about the same
   */
  static @Nullable Recommendation of(
      RoutingAdvice advice,
      RouteConfig.Routing routing,
      Health health,
      int caller,
      BinaryOperator<Region> better) {
    List<Choice> good = new ArrayList<>();
    List<Choice> unwelcome = new ArrayList<>();
    List<Choice> leaving = new ArrayList<>();
    List<Choice> suspect = new ArrayList<>();
    for (Choice choice : advice.choices()) {
      Region region = choice.region();
      if (choice.verdict() == RoutingAdvice.Verdict.ALLOWED
          && routing.origins().containsKey(region.name())) {
        switch (health.standing(region, advice.service())) {
          case IN_SERVICE -> (health.admits(region, caller) ? good : unwelcome).add(choice);
          case DRAINING -> leaving.add(choice);
          case SUSPECT -> suspect.add(choice);
          case OUT -> {}
        }
      }
    }
    lead(good, Objects.requireNonNull(advice.preference()), better);
    good.addAll(unwelcome);
    good.addAll(leaving);
    good.addAll(suspect);
    return good.isEmpty() ? null : new Recommendation(advice, routing, List.copyOf(good));
  }

  /** Puts the better one of the first and those that cost about what it does in front. */
  private static void lead(
      List<Choice> good, RegionPreference order, BinaryOperator<Region> better) {
    if (good.size() < 2) {
      return;
    }
    Choice best = good.get(0);
    int end = order.nearEnd(order.indexOf(best.region()));
    for (int i = 1; i < good.size() && order.indexOf(good.get(i).region()) < end; i++) {
      Choice other = good.get(i);
      best = better.apply(best.region(), other.region()).equals(other.region()) ? other : best;
    }
    good.remove(best);
    good.add(0, best);
  }

  /** The same for a caller whom this region owns; null when it cannot be recommended. */
  @Nullable Recommendation only(Region owner) {
    for (Choice choice : choices) {
      if (choice.region().equals(owner)) {
        return new Recommendation(advice, routing, List.of(choice));
      }
    }
    return null;
  }

  /** The allowed regions, with the recommended one first. */
  RegionPreference preference() {
    return Objects.requireNonNull(advice.preference()).startingWith(primary());
  }

  /** What an explanation says beside the region itself. */
  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    for (Choice choice : choices) {
      facts.put(choice.region().name(), choice.reason());
    }
    return facts;
  }

  /** The region that the client goes to. */
  Region primary() {
    return choices.get(0).region();
  }

  /** What the client is told, with an invitation to measure where that is worth while. */
  JsonObject toJson(Directions directions, Exchange exchange, Beacons beacons) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    JsonArray alternates = new JsonArray();
    choices.stream().skip(1).limit(2).forEach(choice -> alternates.add(view(choice)));
    JsonObject primary = view(choices.get(0));
    directions.tell(primary, choices.get(0));
    JsonObject answer =
        new JsonObject()
            .put("service", advice.service().name())
            .put("primary", primary)
            .put("alternates", alternates)
            // Spread, so that those who asked together do not ask together again.
            .put("ttlSeconds", (int) (TTL_SECONDS * (0.9 + 0.2 * random.nextDouble())));
    if (directions.pinToken() != null) {
      answer.put("pinToken", directions.pinToken());
    }
    List<Region> candidates = candidates(random);
    if (isUnknown(directions, candidates) || random.nextDouble() < CURIOSITY) {
      JsonArray probe = new JsonArray();
      for (Region region : candidates) {
        probe.add(
            new JsonObject()
                .put("region", region.name())
                .put("url", routing.origins().get(region.name()) + routing.probe()));
      }
      answer
          .put("probe", probe)
          .put(
              "invitation",
              beacons.invite(exchange.plan().config().pins(), exchange.client(), candidates));
    }
    return answer;
  }

  private List<Region> candidates(ThreadLocalRandom random) {
    List<Region> candidates = new ArrayList<>();
    choices.stream().limit(CANDIDATES).forEach(choice -> candidates.add(choice.region()));
    if (choices.size() > CANDIDATES && random.nextDouble() < CURIOSITY) {
      int other = random.nextInt(CANDIDATES, choices.size());
      candidates.set(CANDIDATES - 1, choices.get(other).region());
    }
    return candidates;
  }

  private static boolean isUnknown(Directions directions, List<Region> candidates) {
    for (Region region : candidates) {
      int samples = directions.model().ownSamples(directions.from(), region.ordinal());
      if (samples < KNOWN_SAMPLES) {
        return true;
      }
    }
    return false;
  }

  private JsonObject view(Choice choice) {
    return new JsonObject()
        .put("region", choice.region().name())
        .put("origin", routing.origins().get(choice.region().name()))
        .put("expectedMillis", rounded(choice.expectedMillis()));
  }

  static @Nullable Double rounded(double millis) {
    return Double.isNaN(millis) ? null : (Double) (Math.round(millis * 10) / 10.0);
  }
}
