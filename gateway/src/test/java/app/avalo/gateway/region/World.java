package app.avalo.gateway.region;

import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.ServiceConfig.StatusRange;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.region.RegionStatus.Forced;
import app.avalo.gateway.region.probe.Prober;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Regions in virtual time around a real monitor: {@code eu} on port 1, {@code us} on 2, {@code
 * asia} on 3, each one endpoint unless the plan says otherwise. Jitter comes from a fixed seed.
 */
final class World implements Health.ChangeListener {
  static final HealthCheck CHECK =
      new ServiceConfig.HealthCheck(
          ServiceConfig.CheckKind.HTTP,
          new ServiceConfig.CheckRequest("/health", null, Map.of()),
          new ServiceConfig.CheckAnswer(new StatusRange(200, 299), null),
          new ServiceConfig.CheckTimes(
              Duration.ofSeconds(10),
              Duration.ofSeconds(10),
              Duration.ofMillis(800),
              Duration.ofMillis(200)),
          3,
          5);

  /** The same check of another path, at these times. */
  static HealthCheck check(String path, ServiceConfig.CheckTimes times) {
    return new HealthCheck(
        CHECK.kind(),
        new ServiceConfig.CheckRequest(path, null, Map.of()),
        CHECK.expect(),
        times,
        CHECK.failures(),
        CHECK.successes());
  }

  /** How an endpoint takes checks. */
  enum Fate {
    WELL,
    REFUSES,
    SILENT,
    LEAVES,
    WRONG_STATUS
  }

  final VirtualTime time = new VirtualTime();
  final Map<Integer, Fate> fates = new HashMap<>();
  final Map<Integer, Integer> checks = new HashMap<>();
  final Map<Integer, Integer> failedChecks = new HashMap<>();
  final List<String> changes = new ArrayList<>();
  final AtomicLong skewNanos = new AtomicLong();
  Map<String, Forced> kept = Map.of();
  final HealthMonitor monitor;
  Plan plan;

  World() {
    this(plan(Map.of("eu", List.of(1), "us", List.of(2), "asia", List.of(3)), CHECK), Map.of());
  }

  World(Plan plan, Map<String, Forced> forced) {
    this.plan = plan;
    this.monitor =
        new HealthMonitor(
            new HealthMonitor.ControlLoop(Runnable::run, ticker(), time, new Random(1)),
            this::probe,
            forced,
            orders -> kept = orders);
    monitor.onChange(this);
    monitor.reconfigure(plan);
  }

  private app.avalo.gateway.filter.time.Ticker ticker() {
    return new app.avalo.gateway.filter.time.Ticker() {
      @Override
      public long nanos() {
        return time.nanos() + skewNanos.get();
      }

      @Override
      public long epochMillis() {
        return time.epochMillis();
      }
    };
  }

  /** One service with endpoints on these ports by region. */
  static Plan plan(Map<String, List<Integer>> ports, HealthCheck check) {
    return Plans.minimal().service(service("feed", ports, check)).compile();
  }

  /** The same with a service whose users are bound to a region, at a heartbeat of half a second. */
  static Plan pinnedPlan() {
    ServiceConfig.CheckTimes times =
        new ServiceConfig.CheckTimes(
            CHECK.times().interval(),
            Duration.ofMillis(500),
            CHECK.times().timeout(),
            CHECK.times().burstInterval());
    Map<String, List<Integer>> ports =
        Map.of("eu", List.of(1), "us", List.of(2), "asia", List.of(3));
    return Plans.minimal()
        .service(
            service(
                "chat",
                ports,
                CHECK.at(times),
                new ServiceConfig.Pin("chat", ServiceConfig.Contract.MOVE)))
        .compile();
  }

  static ServiceConfig service(String name, Map<String, List<Integer>> ports, HealthCheck check) {
    return service(name, ports, check, null);
  }

  static ServiceConfig service(
      String name,
      Map<String, List<Integer>> ports,
      HealthCheck check,
      ServiceConfig.@Nullable Pin pin) {
    ServiceConfig like = Plans.service(name, null);
    Map<String, List<Endpoint>> endpoints = new HashMap<>();
    ports.forEach(
        (region, all) ->
            endpoints.put(
                region, all.stream().map(p -> new Endpoint(false, "127.0.0.1", p, 1)).toList()));
    return new ServiceConfig(
        name,
        like.priority(),
        like.protocol(),
        endpoints,
        like.upstreamTls(),
        check,
        like.timeouts(),
        like.retry(),
        like.balance(),
        pin,
        false,
        List.of(),
        like.webSocket(),
        like.streams(),
        like.targets());
  }

  static RegionConfig region(String name, int index, double minHealthy) {
    return new RegionConfig(name, index, name, 0, 0, java.util.Set.of(), minHealthy);
  }

  private void probe(Prober.Target target, Consumer<Prober.Result> done) {
    int port = target.endpoint().port();
    checks.merge(port, 1, Integer::sum);
    Fate fate = fates.getOrDefault(port, Fate.WELL);
    long millis = fate == Fate.SILENT ? target.check().times().timeout().toMillis() : 2;
    Prober.Outcome outcome =
        switch (fate) {
          case WELL -> Prober.Outcome.OK;
          case REFUSES -> Prober.Outcome.REFUSED;
          case SILENT -> Prober.Outcome.SILENT;
          case LEAVES -> Prober.Outcome.DRAINING;
          case WRONG_STATUS -> Prober.Outcome.MISSED;
        };
    if (outcome != Prober.Outcome.OK) {
      failedChecks.merge(port, 1, Integer::sum);
    }
    time.after(
        Duration.ofMillis(millis), () -> done.accept(new Prober.Result(outcome, fate.name())));
  }

  void settle() {
    pass(Duration.ofSeconds(1));
    changes.clear();
  }

  void pass(Duration span) {
    time.advance(span);
  }

  void passMillis(long millis) {
    time.advance(Duration.ofMillis(millis));
  }

  Standing standing(String region) {
    return monitor.standing(plan.region(region));
  }

  boolean isLost(String region) {
    return monitor.isLost(plan.region(region), plan.services().get(0));
  }

  int share(String region) {
    return monitor.share(plan.region(region));
  }

  EndpointHealth endpoint(String region) {
    return endpoint(region, 0);
  }

  EndpointHealth endpoint(String region, int number) {
    Service service = plan.services().get(0);
    return monitor.endpoint(
        plan.region(region), service, service.in(plan.region(region)).get(number));
  }

  void fail(String region, Failure failure, int times) {
    for (int i = 0; i < times; i++) {
      endpoint(region).failed(failure);
    }
  }

  /** Milliseconds until the region has this standing, or -1 if not within a minute. */
  long millisUntil(String region, Standing wanted) {
    for (long millis = 0; millis <= 60_000; millis++) {
      if (standing(region) == wanted) {
        return millis;
      }
      passMillis(1);
    }
    return -1;
  }

  RegionStatus status(String region) {
    return monitor.status().result().stream()
        .filter(s -> s.region().equals(region))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void changed(String region, Standing from, Standing to, String reason) {
    changes.add(region + " " + from + " -> " + to);
  }
}
