package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.evidence.CheckRun;
import app.avalo.gateway.region.evidence.Penalty;
import app.avalo.gateway.region.evidence.TrafficWindow;
import app.avalo.gateway.region.probe.Prober;
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
  /** Failures in a row, after a check has cleared the endpoint once, that eject it. */
  static final int EJECT_RUN = 5;

  /** Failures in a row that end a trial. */
  static final int TRIAL_RUN = 3;

  static final Duration EJECTION = Duration.ofSeconds(5);
  static final Duration TRIAL = Duration.ofSeconds(60);

  /** Spacing of checks of a lost endpoint, in burst intervals: 1 s by default. */
  static final int RECOVERY_SPACING = 5;

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
  private final CheckRun run;
  private final Penalty convictions;
  private final Penalty ejections;
  private Prober.Target target;
  private State state = State.HEALTHY;
  private long sinceEpochMillis;
  private long sinceNanos;
  private String reason = "new";
  private Timers.@Nullable Timer next;
  private int generation; // results of checks sent before a change of state decide nothing
  private int outstanding;
  private boolean trial; // back from an ejection or conviction
  private boolean byTraffic; // what suspects it now
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
    this.run = new CheckRun(around.ticker());
    this.convictions = new Penalty(around.ticker());
    this.ejections = new Penalty(around.ticker());
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
    boolean otherTimes = !target.check().equals(this.target.check());
    this.target = target;
    if (otherTimes) {
      scheduleNext();
    }
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
      suspectByTraffic("a request failed: " + signals.lastFailure());
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
          suspectByTraffic("half of the requests fail");
        }
        return;
      }
      if (age > TRIAL.toNanos()) {
        trial = false;
        cleared = false;
      }
      traffic();
    } else if (state == State.EJECTED && run.clean() && age > ejection().toNanos()) {
      comeBack("on trial after " + ejection().toSeconds() + " s");
    }
  }

  /** This process stood still: what was measured meanwhile does not count. */
  void doubt() {
    if (state == State.SUSPECT) {
      generation++;
      run.restart();
    }
  }

  private boolean condemned() {
    return cleared
        && signals.successes() == clearedSuccesses
        && signals.failures() - clearedFailures >= EJECT_RUN;
  }

  private void suspectByTraffic(String why) {
    byTraffic = true;
    suspect(why);
  }

  private void suspect(String why) {
    become(State.SUSPECT, why);
    probe();
  }

  private void eject(String why) {
    ejections.lost();
    become(State.EJECTED, why);
    scheduleNext();
  }

  private Duration ejection() {
    return ejections.stretch(EJECTION);
  }

  private void convict(String why) {
    if (state == State.SUSPECT) {
      convictions.lost();
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
    if (byTraffic && (!cleared || signals.successes() != clearedSuccesses)) {
      clearedSuccesses = signals.successes();
      clearedFailures = signals.failures();
    }
    boolean stillOnTrial = trial;
    boolean stillCleared = cleared || byTraffic;
    comeBack("a check answered");
    trial = stillOnTrial;
    cleared = stillCleared;
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
    run.restart();
    stamp();
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
    run.total(result);
    around.observer().probed(this, result);
    if (sent != generation) {
      return;
    }
    run.add(result);
    int failures = target.check().failures();
    String what = "check: " + result.detail();
    switch (state) {
      case HEALTHY -> {
        if (!result.ok()) {
          byTraffic = false;
          suspect(what);
        }
      }
      case SUSPECT -> {
        if (result.ok()) {
          acquit();
        } else if (run.convicts(failures) && !around.holdsConvictions().getAsBoolean()) {
          convict(what);
        }
      }
      case EJECTED -> {
        if (run.convicts(failures) && !around.holdsConvictions().getAsBoolean()) {
          convict(what);
        }
      }
      case CONVICTED -> {
        if (run.recovered(target.check().successes(), holdDown().toNanos())) {
          comeBack(run.successes() + " checks answered");
        }
      }
    }
  }

  private Duration recoveryInterval() {
    return target.check().burstInterval().multipliedBy(RECOVERY_SPACING);
  }

  /** How long checks must answer before a lost endpoint returns; doubles while it flaps. */
  private Duration holdDown() {
    return convictions.stretch(recoveryInterval().multipliedBy(target.check().successes()));
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
        run.checks(),
        run.failedChecks(),
        convictions.times(),
        ejections.times());
  }
}
