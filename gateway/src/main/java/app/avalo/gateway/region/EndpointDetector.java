package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.evidence.TrafficWindow;
import app.avalo.gateway.region.probe.Prober;
import app.avalo.gateway.region.probe.Prober.Outcome;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether one endpoint is in service. Opens no socket and reads no clock of its own, so
 * days pass in a test within a second. Control loop only.
 *
 * <pre>
 * HEALTHY --suspicion of traffic, one failed check--> SUSPECT --all checks of a burst fail--> CONVICTED
 *    ^  ^--------------one check of the burst answers------'                                     |
 *    |------------checks answer for the hold-down------------------------------------------------'
 *    '--EJECTED <--traffic goes on failing although checks answer-- HEALTHY
 *          '--after its time, on trial--> HEALTHY
 * </pre>
 */
final class EndpointDetector {
  /** Checks that were refused or reset convict after this many. */
  static final int REFUSED = 2;

  /** Failures in a row, after a check has cleared the endpoint once, that eject it. */
  static final int EJECT_RUN = 5;

  /** Failures in a row that end a trial. */
  static final int TRIAL_RUN = 3;

  static final Duration EJECTION = Duration.ofSeconds(5);
  static final Duration TRIAL = Duration.ofSeconds(60);
  static final Duration CALM = Duration.ofMinutes(10);

  /** Spacing of checks of a lost endpoint, in burst intervals: 1 s by default. */
  static final int RECOVERY_SPACING = 5;

  /** Ejection time and hold-down double at most this often. */
  static final int DOUBLINGS = 4;

  private static final int OUTSTANDING = 8;

  /** What the detector needs from its surroundings. */
  record Surroundings(
      Ticker ticker,
      Timers timers,
      RandomGenerator random,
      Prober prober,
      BooleanSupplier holdsConvictions,
      Observer observer) {}

  /** Told of what happened, on the control loop. */
  interface Observer {
    void changed(EndpointDetector endpoint, Standing from, Standing to, String reason);

    void probed(EndpointDetector endpoint, Prober.Result result);
  }

  /** Where an endpoint stands. */
  enum State {
    HEALTHY(Standing.IN_SERVICE),
    SUSPECT(Standing.SUSPECT),
    CONVICTED(Standing.OUT),
    EJECTED(Standing.OUT);

    final Standing standing;

    State(Standing standing) {
      this.standing = standing;
    }
  }

  private final Surroundings around;
  private final EndpointSignals signals;
  private final TrafficWindow window = new TrafficWindow();
  private Prober.Target target;
  private State state = State.HEALTHY;
  private long sinceEpochMillis;
  private long sinceNanos;
  private String reason = "new";
  private Timers.@Nullable Timer next;
  private int generation; // results of checks sent before a change of state decide nothing
  private int outstanding;
  private int misses; // in a row
  private int refusals; // in a row
  private int successes; // in a row
  private long firstSuccessNanos; // of the row
  private int convictions; // since it was calm
  private int ejections; // since it was calm
  private long lostNanos; // last conviction or ejection
  private boolean trial; // back from an ejection or conviction
  private boolean cleared; // a check answered while traffic failed
  private long clearedSuccesses; // traffic's total then
  private long clearedFailures; // traffic's total then
  private Prober.@Nullable Result lastResult;
  private long lastResultEpochMillis;
  private boolean stopped;

  EndpointDetector(Surroundings around, EndpointSignals signals, Prober.Target target) {
    this.around = around;
    this.signals = signals;
    this.target = target;
    stamp();
  }

  /** Begins in service, with a check as soon as the jitter allows. */
  void start() {
    signals.onFailures(this::traffic);
    window.restart(signals.successes(), signals.failures());
    schedule(Duration.ofMillis(around.random().nextInt(100)));
  }

  /** Begins out of service, for an address that was lost under another check. */
  void startLost(String why) {
    signals.onFailures(this::traffic);
    become(State.CONVICTED, why);
    schedule(Duration.ofMillis(around.random().nextInt(100)));
  }

  /** Ends all checks; the standing stays as it is for requests that still know the endpoint. */
  void stop() {
    stopped = true;
    generation++;
    signals.onFailures(() -> {});
    if (next != null) {
      next.cancel();
    }
  }

  /** New times and trust for the same address and check. */
  void reconfigure(Prober.Target target) {
    this.target = target;
  }

  /** Looks at live traffic after a failure. */
  void traffic() {
    if (stopped || state != State.HEALTHY) {
      return;
    }
    if (trial && signals.inARow() >= TRIAL_RUN) {
      eject(signals.inARow() + " failed requests in a row on trial");
    } else if (condemned()) {
      eject("requests fail although checks answer");
    } else if (signals.standing() == Standing.SUSPECT) {
      suspect("a request failed: " + signals.lastFailure());
    }
  }

  /** Looks at rates and times; every tick of the monitor. */
  void tick() {
    window.sample(signals.successes(), signals.failures());
    signals.busy(window.busy());
    long age = around.ticker().nanos() - sinceNanos;
    if (state == State.HEALTHY) {
      if (window.failing()) {
        if (trial || cleared) {
          eject("half of the requests fail although checks answer");
        } else {
          suspect("half of the requests fail");
        }
      } else if (age > TRIAL.toNanos()) {
        trial = false;
        cleared = false;
        if (around.ticker().nanos() - lostNanos > CALM.toNanos()) {
          convictions = 0;
          ejections = 0;
        }
      }
    } else if (state == State.EJECTED && misses == 0 && age > ejection().toNanos()) {
      comeBack("on trial after " + ejection().toSeconds() + " s");
    }
  }

  /** This process stood still: what was measured meanwhile does not count. */
  void doubt() {
    if (state == State.SUSPECT) {
      generation++;
      misses = 0;
      refusals = 0;
    }
  }

  private boolean condemned() {
    return cleared
        && signals.successes() == clearedSuccesses
        && signals.failures() - clearedFailures >= EJECT_RUN;
  }

  private void suspect(String why) {
    become(State.SUSPECT, why);
    probe();
  }

  private void eject(String why) {
    ejections++;
    become(State.EJECTED, why);
    scheduleNext();
  }

  private Duration ejection() {
    return EJECTION.multipliedBy(1L << Math.min(DOUBLINGS, Math.max(0, ejections - 1)));
  }

  private void convict(String why) {
    if (state == State.SUSPECT) {
      convictions++;
    }
    become(State.CONVICTED, why);
    scheduleNext();
  }

  /** A check of the burst answered. */
  private void acquit() {
    if (condemned()) {
      eject("requests fail although checks answer");
      return;
    }
    if (!cleared || signals.successes() != clearedSuccesses) {
      clearedSuccesses = signals.successes();
      clearedFailures = signals.failures();
    }
    boolean stillOnTrial = trial;
    comeBack("a check answered");
    trial = stillOnTrial;
    cleared = true;
  }

  private void comeBack(String why) {
    trial = true;
    cleared = false;
    signals.forgive();
    window.restart(signals.successes(), signals.failures());
    become(State.HEALTHY, why);
    scheduleNext();
  }

  private void become(State to, String why) {
    State from = state;
    state = to;
    reason = why;
    generation++;
    misses = 0;
    refusals = 0;
    successes = 0;
    stamp();
    if (to.standing == Standing.OUT) {
      lostNanos = sinceNanos;
    }
    signals.standing(to.standing);
    around.observer().changed(this, from.standing, to.standing, why);
  }

  private void stamp() {
    sinceNanos = around.ticker().nanos();
    sinceEpochMillis = around.ticker().epochMillis();
  }

  private void probe() {
    scheduleNext();
    if (outstanding >= OUTSTANDING) {
      return;
    }
    outstanding++;
    int sent = generation;
    around.prober().probe(target, result -> probed(sent, result));
  }

  private void probed(int sent, Prober.Result result) {
    outstanding--;
    if (stopped) {
      return;
    }
    lastResult = result;
    lastResultEpochMillis = around.ticker().epochMillis();
    around.observer().probed(this, result);
    if (sent != generation) {
      return;
    }
    count(result);
    String what = "check: " + result.detail();
    switch (state) {
      case HEALTHY -> {
        if (!result.ok()) {
          suspect(what);
        }
      }
      case SUSPECT -> {
        if (result.ok()) {
          acquit();
        } else if (enough() && !around.holdsConvictions().getAsBoolean()) {
          convict(what);
        }
      }
      case EJECTED -> {
        if (enough() && !around.holdsConvictions().getAsBoolean()) {
          convict(what);
        }
      }
      case CONVICTED -> {
        if (successes >= target.check().successes()
            && around.ticker().nanos() - firstSuccessNanos >= holdDown().toNanos()) {
          comeBack(successes + " checks answered");
        }
      }
    }
  }

  private void count(Prober.Result result) {
    if (result.ok()) {
      if (successes++ == 0) {
        firstSuccessNanos = around.ticker().nanos();
      }
      misses = 0;
      refusals = 0;
    } else {
      successes = 0;
      misses++;
      refusals = result.outcome() == Outcome.REFUSED ? refusals + 1 : 0;
    }
  }

  private boolean enough() {
    int failures = target.check().failures();
    return misses >= failures || refusals >= Math.min(REFUSED, failures);
  }

  private Duration recoveryInterval() {
    return target.check().burstInterval().multipliedBy(RECOVERY_SPACING);
  }

  /** How long checks must answer before a lost endpoint returns; doubles while it flaps. */
  private Duration holdDown() {
    int doublings = Math.min(DOUBLINGS, Math.max(0, convictions - 1));
    return recoveryInterval().multipliedBy(((long) target.check().successes()) << doublings);
  }

  private void scheduleNext() {
    HealthCheck check = target.check();
    schedule(
        switch (state) {
          case HEALTHY ->
              Duration.ofNanos(
                  (long) (check.interval().toNanos() * (0.8 + 0.4 * around.random().nextDouble())));
          case SUSPECT -> check.burstInterval();
          case CONVICTED, EJECTED -> recoveryInterval();
        });
  }

  private void schedule(Duration delay) {
    if (next != null) {
      next.cancel();
    }
    if (!stopped) {
      next = around.timers().after(delay, this::probe);
    }
  }

  EndpointSignals signals() {
    return signals;
  }

  State state() {
    return state;
  }

  Prober.Target target() {
    return target;
  }

  /** Whether any check has ended. */
  boolean probedOnce() {
    return lastResult != null;
  }

  RegionStatus.EndpointStatus status() {
    return new RegionStatus.EndpointStatus(
        target.endpoint().url(),
        target.check().path(),
        signals.standing(),
        state.name(),
        sinceEpochMillis,
        reason,
        lastResult == null ? null : lastResult.outcome() + " " + lastResult.detail(),
        lastResultEpochMillis,
        signals.successes(),
        RegionStatus.failures(signals),
        convictions,
        ejections);
  }
}
