package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.LimitConfig.Cost;
import app.avalo.gateway.config.LimitConfig.Mode;
import app.avalo.gateway.filter.limit.ObedientClient.Obeys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * One client that has a limit for itself, asks as often as it may, each time at another gateway,
 * and waits as long as the text of the answers tells it.
 */
final class Obeying {
  /** What the service says that a request has cost. */
  static final String TOLD = "X-Cost";

  private static final long EVERY_NANOS = 4_000_000L;
  private static final int MOST_TOLD = 30;

  /** All modes, with all kinds of costs. */
  static final List<LimitConfig> POLICIES = policies();

  private final Random random;
  private final Fleet fleet;
  private final LimitConfig policy;
  private final Obeys obeys;
  private int refusals;
  private int again;

  private Obeying(Fleet fleet, LimitConfig policy, Obeys obeys, long seed) {
    this.random = new Random(seed);
    this.fleet = fleet;
    this.policy = policy;
    this.obeys = obeys;
  }

  private static List<LimitConfig> policies() {
    List<LimitConfig> all = new ArrayList<>();
    Map<String, Cost> costs =
        Map.of(
            "", new Cost(1, Map.of(), 0, null),
            ", each 3", new Cost(3, Map.of(), 0, null),
            ", GET 1, POST 7", new Cost(1, Map.of("POST", 7), 0, null),
            ", told behind", new Cost(1, Map.of(), 0, TOLD));
    for (String name : List.of("", ", each 3", ", GET 1, POST 7", ", told behind")) {
      Cost cost = costs.get(name);
      var hundred = Policies.per(100, Duration.ofSeconds(1), 100);
      var wider = Policies.per(100, Duration.ofSeconds(1), 400); // or too few could be lent
      all.add(Policies.named("local" + name).of(hundred).cost(cost).local().build());
      all.add(Policies.named("exact" + name).of(hundred).cost(cost).build());
      all.add(Policies.named("leased" + name).of(wider).cost(cost).leased().build());
    }
    return List.copyOf(all);
  }

  /**
   * What came of it.
   *
   * @param refusals in all
   * @param again those in spite of obeying
   * @param excess tokens too many in the worst window
   * @param share of what is allowed that was admitted
   */
  record Outcome(int refusals, int again, double excess, double share) {}

  static Outcome run(LimitConfig policy, Obeys obeys, Duration span, long seed) {
    // What a process counts for itself is the limit of one.
    try (Fleet fleet = new Fleet(policy.mode() == Mode.LOCAL ? 1 : 4, policy, seed)) {
      Obeying client = new Obeying(fleet, policy, obeys, seed);
      client.obey(span);
      Fleet.Outcome outcome = fleet.outcome();
      return new Outcome(client.refusals, client.again, outcome.excess(), outcome.share());
    }
  }

  private void obey(Duration span) {
    ObedientClient client = new ObedientClient(obeys, EVERY_NANOS);
    boolean told = obeys == Obeys.RATE_LIMIT;
    String method = "GET";
    for (long end = fleet.nanos() + span.toNanos(); fleet.nanos() < end; ) {
      long tells = 1 + random.nextInt(MOST_TOLD);
      Fleet.Answer answer = fleet.ask(method, Map.of(TOLD, Long.toString(tells)));
      boolean refused = answer.status() == 429;
      refusals += refused ? 1 : 0;
      again += told && refused ? 1 : 0;
      long paid = policy.cost().header() == null ? cost(method) : tells;
      // Who is told when it may come is told so of this request.
      method = refused || random.nextInt(4) > 0 ? method : method.equals("GET") ? "POST" : "GET";
      fleet.pass(client.waitNanos(answer.status(), answer.headers()::get, paid, cost(method)));
      told = client.isTold(answer.status());
    }
  }

  private long cost(String method) {
    return policy.cost().of(method, 0);
  }
}
