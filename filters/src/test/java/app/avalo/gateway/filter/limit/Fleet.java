package app.avalo.gateway.filter.limit;

import app.avalo.gateway.config.LimitConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.LimitVerdict;
import app.avalo.gateway.filter.Next;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.limit.ObedientClient.Obeys;
import app.avalo.gateway.filter.redis.Loop;
import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Several gateways that share one real Redis in virtual time: the filters and scripts of
 * production, one hot key, requests that arrive at random and are spread unevenly (Zipf).
 */
final class Fleet implements AutoCloseable {
  private static boolean missed; // main()
  private static final Duration ONE_WAY = Duration.ofNanos(500_000);

  private final VirtualTime time = new VirtualTime();
  private final Loop loop = new Loop();
  private final RedisServer server = RedisServer.start();
  private final RedisLink link;
  private final LimitConfig policy;
  private final Plan plan;
  private final List<LimitFilter> filters = new ArrayList<>();
  private final List<VirtualRedis> roads = new ArrayList<>();
  private final double[] reach; // summed shares of the replicas
  private final boolean[] dead;
  private final Random random;
  private long[] admitted = new long[1024];
  private int admissions;
  private long requests;
  private int before; // admissions that are not looked at any more
  private long sinceNanos = -1; // of those that are; below zero: of all
  private long longestWaitNanos;
  private @Nullable LimitVerdict last;
  private @Nullable Answer answered; // ask()

  Fleet(int replicas, LimitConfig policy, long seed) {
    this.policy = policy;
    this.plan = Policies.plan(policy);
    this.random = new Random(seed);
    this.link = loop.link(server, Duration.ofSeconds(5));
    this.reach = new double[replicas];
    this.dead = new boolean[replicas];
    double sum = 0;
    for (int i = 0; i < replicas; i++) {
      VirtualRedis road = new VirtualRedis(loop, link, time, ONE_WAY);
      roads.add(road);
      filters.add(new LimitFilter(new Limits(time, replicas), road, "t"));
      sum += 1.0 / (i + 1);
      reach[i] = sum;
    }
    for (int i = 0; i < replicas; i++) {
      reach[i] /= sum;
    }
  }

  /** Offers requests for a while, so many times the rate of the limit. */
  void offer(double times, Duration span) {
    var rate = policy.allowance().bandwidths().get(0).rate();
    double perNano = times * rate.count() / rate.period().toNanos();
    long end = time.nanos() + span.toNanos();
    while (time.nanos() < end) {
      time.advance(Duration.ofNanos((long) (-Math.log(1 - random.nextDouble()) / perNano)));
      request(replica());
    }
  }

  private int replica() {
    int at = Arrays.binarySearch(reach, random.nextDouble());
    return Math.min(reach.length - 1, at < 0 ? -at - 1 : at);
  }

  /** An answer as a client sees it. */
  record Answer(int status, MultiMap headers) {}

  /**
   * The answer to one request, at any gateway.
   *
   * @param service headers of the service's answer
   */
  Answer ask(String method, Map<String, String> service) {
    answered = null;
    Exchange exchange = Exchanges.on(plan).user("hot").method(method).live();
    int replica = random.nextInt(filters.size());
    request(replica, exchange, HttpHeaders.headers().addAll(service));
    // No longer than an answer takes.
    for (int i = 0; answered == null && i < 100; i++) {
      pass(200_000);
    }
    return Objects.requireNonNull(answered);
  }

  long nanos() {
    return time.nanos();
  }

  void pass(long nanos) {
    time.advance(Duration.ofNanos(nanos));
  }

  /** {@code r} of the last answer. */
  long remaining() {
    return Objects.requireNonNull(last).remaining();
  }

  private void request(int replica) {
    request(replica, Exchanges.on(plan).user("hot").live(), null);
  }

  /**
   * Asks a gateway.
   *
   * @param service headers of the service's answer if somebody wants to see what comes of them
   */
  private void request(int replica, Exchange request, @Nullable MultiMap service) {
    requests++;
    long asked = time.nanos();
    LimitFilter filter = filters.get(replica);
    filter.request(
        request,
        new Next() {
          @Override
          public void proceed(Exchange exchange) {
            if (dead[replica]) {
              return;
            }
            decided(asked, exchange);
            admit();
            if (service != null) {
              filter.response(exchange, new Reply.Proxied(200, service));
              answered = new Answer(200, service);
            }
          }

          @Override
          public void reply(Exchange exchange, Reply.Local reply) {
            decided(asked, exchange);
            if (service != null) {
              // As it is written where answers are, in another module.
              long again = Objects.requireNonNull(reply.error()).retryAfterSeconds();
              reply.headers().set("Retry-After", Long.toString(again));
              filter.response(exchange, reply);
              answered = new Answer(reply.status(), reply.headers());
            }
          }
        });
  }

  private void admit() {
    if (admissions == admitted.length) {
      admitted = Arrays.copyOf(admitted, 2 * admissions);
    }
    admitted[admissions++] = time.nanos();
  }

  private void decided(long askedNanos, Exchange exchange) {
    List<LimitVerdict> verdicts = exchange.limits();
    last = verdicts.get(verdicts.size() - 1);
    longestWaitNanos = Math.max(longestWaitNanos, time.nanos() - askedNanos);
  }

  /** Every so many answers of Redis are lost on their way. */
  void loseEvery(int answers) {
    roads.forEach(road -> road.loseEvery = answers);
  }

  /** Every so many answers of Redis come after the deadline. */
  void delayEvery(int answers) {
    roads.forEach(road -> road.delayEvery = answers);
  }

  void redisIsAway(Duration span, double times, boolean empty) {
    roads.forEach(road -> road.away = true);
    offer(times, span);
    if (empty) {
      server.kill();
      loop.until(Duration.ofSeconds(5), () -> !link.isUp());
      server.restart();
      loop.until(Duration.ofSeconds(5), link::isUp);
    }
    roads.forEach(VirtualRedis::back);
  }

  /** One gateway after another does not reach Redis for a while; the others do. */
  void cutOffInTurn(int times, Duration span, double load) {
    for (int i = 0; i < times; i++) {
      VirtualRedis road = roads.get(i % roads.size());
      road.away = true;
      offer(load, span);
      road.back();
    }
  }

  /** The busiest gateway becomes the idlest, and so on; admitted and asked is counted anew. */
  void turnLoad() {
    double[] turned = new double[reach.length];
    for (int i = 0; i < reach.length; i++) {
      turned[i] = i == reach.length - 1 ? 1 : 1 - reach[reach.length - 2 - i];
    }
    System.arraycopy(turned, 0, reach, 0, reach.length);
    before = admissions;
    sinceNanos = time.nanos();
    requests = 0;
    roads.forEach(road -> road.calls = 0);
  }

  /** A gateway dies with all that it holds; its callers go to the others. */
  void kill(int replica) {
    roads.get(replica).away = true;
    dead[replica] = true;
    double gone = reach[replica] - (replica == 0 ? 0 : reach[replica - 1]);
    for (int i = replica; i < reach.length; i++) {
      reach[i] -= gone;
    }
    for (int i = 0; i < reach.length; i++) {
      reach[i] /= 1 - gone;
    }
  }

  /**
   * What came of it.
   *
   * @param excess tokens too many in the worst window
   * @param share admitted of what burst and rate allow
   * @param calls of Redis per request
   * @param longestWait of any request
   */
  record Outcome(double excess, double share, double calls, Duration longestWait) {}

  Outcome outcome() {
    long span = time.nanos();
    time.advance(Duration.ofMillis(50)); // for those who still wait
    var bandwidth = policy.allowance().bandwidths().get(0);
    double allowed =
        (sinceNanos < 0 ? bandwidth.burst() : 0)
            + (double) bandwidth.rate().count()
                * (span - Math.max(0, sinceNanos))
                / bandwidth.rate().period().toNanos();
    return new Outcome(
        Window.excess(Arrays.copyOf(admitted, admissions), bandwidth),
        (admissions - before) / allowed,
        (double) roads.stream().mapToLong(road -> road.calls).sum() / requests,
        Duration.ofNanos(longestWaitNanos));
  }

  /**
   * Prints a row.
   *
   * @param bound tokens too many that the README allows for
   * @param least share that must be admitted
   * @param most calls per request
   */
  private static void print(String what, Outcome outcome, double bound, double least, double most) {
    boolean good =
        outcome.excess <= bound
            && outcome.share >= least
            && outcome.calls <= most
            && outcome.longestWait.compareTo(Duration.ofMillis(20)) <= 0;
    missed |= !good;
    System.out.printf(
        Locale.ROOT,
        "%-46s excess %6.2f   admitted/allowed %.4f   Redis calls/request %.3f   longest wait %4.1f ms  %s%n",
        what,
        outcome.excess,
        outcome.share,
        outcome.calls,
        outcome.longestWait.toNanos() / 1e6,
        good ? "ok" : "MISSED");
  }

  private static LimitConfig policy(boolean leased, long rate) {
    Policies policy = Policies.named("hot").of(Policies.per(rate, Duration.ofSeconds(1), rate));
    return (leased ? policy.leased() : policy).build();
  }

  /** What the README quotes: {@code Fleet [seconds of virtual time] [seed]}. */
  public static void main(String[] arguments) {
    Duration span = Duration.ofSeconds(arguments.length > 0 ? Long.parseLong(arguments[0]) : 30);
    long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
    try (Fleet fleet = new Fleet(4, policy(false, 1000), seed)) {
      fleet.offer(2, span);
      print("exact, 4 gateways, 1000/s, 2x", fleet.outcome(), 0, 0.999, 1);
    }
    for (int replicas : new int[] {4, 16}) {
      for (int times : new int[] {2, 10}) {
        try (Fleet fleet = new Fleet(replicas, policy(true, 1000), seed)) {
          fleet.offer(times, span);
          String what = "leased, %d gateways, 1000/s, %dx".formatted(replicas, times);
          print(what, fleet.outcome(), 0, 0.99, 0.15);
        }
      }
    }
    for (LimitConfig policy : Obeying.POLICIES) {
      for (Obeys obeys : Obeys.values()) {
        obeying(policy, obeys, seed);
      }
    }
    for (boolean leased : new boolean[] {false, true}) {
      faults(leased ? "leased, " : "exact, ", policy(leased, 1000), seed);
    }
    System.exit(missed ? 1 : 0);
  }

  /** A client at the edge of its limit for ten minutes. */
  private static void obeying(LimitConfig policy, Obeys obeys, long seed) {
    Obeying.Outcome outcome = Obeying.run(policy, obeys, Duration.ofMinutes(10), seed);
    boolean good = outcome.again() == 0 && outcome.excess() == 0;
    missed |= !good;
    System.out.printf(
        Locale.ROOT,
        "%-46s refused %d, in spite of obeying %d   admitted/allowed %.4f  %s%n",
        policy.name() + ", obeys " + obeys,
        outcome.refusals(),
        outcome.again(),
        outcome.share(),
        good ? "ok" : "MISSED");
  }

  private static void faults(String mode, LimitConfig policy, long seed) {
    try (Fleet fleet = new Fleet(4, policy, seed)) {
      fleet.offer(2, Duration.ofSeconds(2));
      fleet.redisIsAway(Duration.ofSeconds(2), 2, false);
      fleet.offer(2, Duration.ofSeconds(4));
      print(mode + "Redis stopped for 2 s", fleet.outcome(), 100, 0, 1);
    }
    try (Fleet fleet = new Fleet(4, policy, seed)) {
      fleet.offer(2, Duration.ofSeconds(2));
      fleet.redisIsAway(Duration.ofSeconds(1), 2, true);
      fleet.offer(2, Duration.ofSeconds(4));
      print(mode + "Redis killed, restarted empty", fleet.outcome(), 1100, 0, 1);
    }
    try (Fleet fleet = new Fleet(4, policy, seed)) {
      fleet.loseEvery(10);
      fleet.offer(2, Duration.ofSeconds(5));
      print(mode + "every 10th answer lost", fleet.outcome(), 100, 0, 1);
    }
    try (Fleet fleet = new Fleet(4, policy, seed)) {
      fleet.offer(2, Duration.ofSeconds(2));
      fleet.kill(0);
      fleet.offer(2, Duration.ofSeconds(3));
      print(mode + "a gateway dies holding what it holds", fleet.outcome(), 0, 0, 1);
    }
  }

  @Override
  public void close() {
    loop.close();
    server.close();
  }
}
