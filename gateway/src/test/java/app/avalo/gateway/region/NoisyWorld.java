package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.CheckTimes;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.plan.Service;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.time.VirtualTime;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.region.probe.Prober;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Three regions and some gateways in virtual time, with what may go wrong between them. Each
 * gateway is a real monitor at the platform's times; one service whose users are bound to a region,
 * so that endpoints are checked twice a second.
 */
final class NoisyWorld {
  static final List<String> REGIONS = List.of("eu", "us", "asia");

  /** As keepers have it. */
  private static final Duration GONE = Duration.ofMillis(1750);

  private static final Duration CHECK_TIME = Duration.ofMillis(20);
  private static final Duration HEAD_TIME = Duration.ofMillis(30);
  private static final Duration ATTEMPT = Duration.ofMillis(800);

  /** Of the loop, from a check to its answer: connected, asked, answered, the answer's end. */
  private static final int TURNS = 4;

  /** What a lost packet costs a connection that is open: the kernel's shortest retransmission. */
  private static final Duration RETRANSMISSION = Duration.ofMillis(200);

  final VirtualTime time = new VirtualTime();
  final Gateway[] gateways;
  private final Random random;
  private final Plan plan;
  private final boolean[] down = new boolean[REGIONS.size()];
  private final long[] stalledUntilNanos = new long[REGIONS.size()];

  NoisyWorld(int gateways, long seed) {
    this.random = new Random(seed);
    HealthCheck like = World.CHECK;
    CheckTimes times =
        new CheckTimes(
            Duration.ofSeconds(10),
            Duration.ofMillis(500),
            Duration.ofMillis(800),
            Duration.ofMillis(200));
    this.plan =
        Plans.minimal()
            .service(
                World.service(
                    "chat",
                    Map.of("eu", List.of(1), "us", List.of(2), "asia", List.of(3)),
                    new HealthCheck(like.kind(), like.ask(), like.expect(), times, 10, 5),
                    new ServiceConfig.Pin("chat", ServiceConfig.Contract.MOVE)))
            .compile();
    this.gateways = new Gateway[gateways];
    for (int i = 0; i < gateways; i++) {
      this.gateways[i] = new Gateway();
    }
  }

  /** One gateway and its paths to the regions. */
  final class Gateway implements Health.ChangeListener {
    final HealthMonitor monitor;
    int evictions;
    int suspicions;
    private final SpurtingLoop loop = new SpurtingLoop(time);
    private final boolean[] votes = new boolean[REGIONS.size()];
    private final boolean[] blind = new boolean[REGIONS.size()];
    private final long[] badUntilNanos = new long[REGIONS.size()];

    Gateway() {
      monitor =
          new HealthMonitor(
              new HealthMonitor.ControlLoop(
                  Runnable::run, time, loop, new Random(random.nextLong())),
              this::check,
              Map.of(),
              orders -> {});
      monitor.onChange(this);
      monitor.reconfigure(plan);
    }

    @Override
    public void changed(String region, Standing from, Standing to, String reason) {
      evictions += to == Standing.OUT ? 1 : 0;
      suspicions += to == Standing.SUSPECT ? 1 : 0;
    }

    /** Nothing of this gateway reaches the region, or everything does. */
    void blind(int region, boolean now) {
      blind[region] = now;
    }

    Standing standing(int region) {
      return monitor.standing(region(region));
    }

    /** Whether it would pause those who are bound to a region. */
    boolean suspects(int region) {
      boolean before = votes[region];
      boolean suspect =
          monitor.standing(region(region), service()).compareTo(Standing.SUSPECT) >= 0;
      votes[region] = suspect && (before || !monitor.inDoubt() || isLost(region));
      return votes[region];
    }

    /** Whether it would move them. */
    boolean convicts(int region) {
      long nowNanos = time.nanos();
      long goneNanos = nowNanos - monitor.goneSinceNanos(region(region), service(), nowNanos);
      return isLost(region) || goneNanos >= GONE.toNanos() && !monitor.inDoubt();
    }

    private boolean isLost(int region) {
      return monitor.isLost(region(region), service());
    }

    private Service service() {
      return plan.services().get(0);
    }

    void standStill(Duration span) {
      loop.standStill(span);
    }

    /** It does not run for a while, again and again. */
    void spurt(Duration run, Duration still) {
      time.after(
          exponential(run),
          () -> {
            Duration span = exponential(still);
            loop.standStill(span);
            time.after(span, () -> spurt(run, still));
          });
    }

    private boolean isCut(int region) {
      return blind[region] || time.nanos() < badUntilNanos[region];
    }

    /**
     * Connecting, then asking. A connection that is opened while packets are lost is not open
     * within the time of a check.
     */
    private void check(Prober.Target target, Consumer<Prober.Result> done) {
      int region = target.endpoint().port() - 1;
      Duration timeout = target.check().times().timeout();
      Duration stall = Duration.ofNanos(Math.max(0, stalledUntilNanos[region] - time.nanos()));
      Duration answer = stall.plus(CHECK_TIME);
      boolean[] over = new boolean[1];
      loop.after(timeout, () -> end(over, done, Prober.Outcome.SILENT));
      if (!isCut(region) && answer.compareTo(timeout) <= 0) {
        Prober.Outcome outcome = down[region] ? Prober.Outcome.REFUSED : Prober.Outcome.OK;
        loop.heard(answer.dividedBy(TURNS), TURNS, () -> end(over, done, outcome));
      }
    }

    private void end(boolean[] over, Consumer<Prober.Result> done, Prober.Outcome outcome) {
      if (!over[0]) {
        over[0] = true;
        done.accept(new Prober.Result(outcome, outcome.name()));
      }
    }

    /** The first region of the order that is in service and takes the caller. */
    int choose(int caller) {
      int fallback = -1;
      for (int region = 0; region < REGIONS.size(); region++) {
        Standing standing = standing(region);
        if (standing == Standing.IN_SERVICE && monitor.admits(region(region), caller)) {
          monitor.taken(region(region), caller);
          return region;
        }
        if (standing == Standing.IN_SERVICE && fallback < 0) {
          fallback = region;
        }
      }
      return Math.max(0, fallback);
    }

    /** One request on a connection that is open. */
    void request(int region) {
      EndpointHealth endpoint =
          monitor.endpoint(region(region), service(), service().in(region(region)).get(0));
      if (down[region] && !isCut(region)) {
        endpoint.failed(Failure.CONNECT);
        return;
      }
      long now = time.nanos();
      long stall = Math.max(0, stalledUntilNanos[region] - now);
      long cut = Math.max(0, badUntilNanos[region] - now);
      long head =
          HEAD_TIME.toNanos() + Math.max(stall, cut == 0 ? 0 : cut + RETRANSMISSION.toNanos());
      boolean late = blind[region] || head > ATTEMPT.toNanos();
      endpoint.sent();
      time.after(
          late ? ATTEMPT : Duration.ofNanos(head),
          () -> {
            endpoint.settled();
            if (late) {
              endpoint.failed(Failure.TIMEOUT);
            } else {
              endpoint.succeeded(head);
            }
          });
    }
  }

  private Region region(int number) {
    return plan.region(REGIONS.get(number));
  }

  /** The region's processes are gone, and refuse; or are there again. */
  void down(int region, boolean now) {
    down[region] = now;
  }

  /** Each path bad once in ten minutes for 0.3 s, each region still once an hour for 0.4 s. */
  void noise() {
    for (int region = 0; region < REGIONS.size(); region++) {
      int of = region;
      again(Duration.ofHours(1), Duration.ofMillis(400), until -> stalledUntilNanos[of] = until);
      for (Gateway gateway : gateways) {
        again(
            Duration.ofMinutes(10),
            Duration.ofMillis(300),
            until -> gateway.badUntilNanos[of] = until);
      }
    }
  }

  private void again(Duration every, Duration mean, Consumer<Long> begin) {
    time.after(
        exponential(every),
        () -> {
          begin.accept(time.nanos() + exponential(mean).toNanos());
          again(every, mean, begin);
        });
  }

  private Duration exponential(Duration mean) {
    return Duration.ofNanos((long) (-mean.toNanos() * Math.log(1 - random.nextDouble())));
  }

  /** Requests of every gateway to every region that is not out, so many a second for each. */
  void traffic(int perSecond) {
    Duration gap = exponential(Duration.ofSeconds(1).dividedBy(perSecond));
    time.after(
        gap,
        () -> {
          for (Gateway gateway : gateways) {
            for (int region = 0; region < REGIONS.size(); region++) {
              if (gateway.standing(region) != Standing.OUT) {
                gateway.request(region);
              }
            }
          }
          traffic(perSecond);
        });
  }
}
