package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.EndpointHealth.Failure;
import app.avalo.gateway.region.evidence.CheckRun;
import app.avalo.gateway.region.evidence.Clearance;
import app.avalo.gateway.region.evidence.Penalty;
import app.avalo.gateway.region.evidence.Spared;
import app.avalo.gateway.region.evidence.Traffic;
import app.avalo.gateway.region.probe.Checks;
import app.avalo.gateway.region.probe.Prober;
import app.avalo.gateway.region.probe.SelfDoubt;
import app.avalo.gateway.region.probe.Spacing;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Decides whether one endpoint is in service. Opens no socket and reads no clock of its own, so
 * days pass in a test within a second. A healthy one that asks to be left is draining. Control loop
 * only.
 *
 * <pre>
 * HEALTHY --suspicion of traffic, one failed check--> SUSPECT --all checks of a burst fail--> CONVICTED
 *    ^  ^--------------one check of the burst answers------'                                     |
 *    |------------checks answer for the hold-down------------------------------------------------'
 *    '--EJECTED <--traffic goes on failing although checks answer-- HEALTHY
 *          '--after its time, on trial--> HEALTHY
 * </pre>
 */
final class EndpointDetector implements Checks.Listener {
  /** Failures in a row that end a trial. */
  static final int TRIAL_RUN = 3;

  /** Checks of a burst that confirm a suspicion, for those who are bound to the region. */
  static final int CONFIRMATIONS = 4;

  static final Duration EJECTION = Duration.ofSeconds(5);
  static final Duration TRIAL = Duration.ofSeconds(60);

  static final Duration WITNESS_AGAIN = Duration.ofSeconds(1);

  /** What the detector needs from its surroundings. */
  record Surroundings(
      Ticker ticker, RandomGenerator random, Checks.Means checks, Observer observer) {
    SelfDoubt doubt() {
      return checks.doubt();
    }
  }

  /** Told of what happened, on the control loop. */
  interface Observer {
    void changed(EndpointDetector endpoint, Standing from, Standing to, String reason);

    void probed(EndpointDetector endpoint, Prober.Result result);
  }

  /** Where an endpoint stands. */
  enum State {
    HEALTHY(Standing.IN_SERVICE, Spacing.BASE),
    SUSPECT(Standing.SUSPECT, Spacing.BURST),
    CONVICTED(Standing.OUT, Spacing.RECOVERY),
    EJECTED(Standing.OUT, Spacing.RECOVERY);

    final Standing standing;
    final Spacing spacing;

    State(Standing standing, Spacing spacing) {
      this.standing = standing;
      this.spacing = spacing;
    }
  }

  private final Surroundings around;
  private final EndpointSignals signals;
  private final Traffic traffic;
  private final Clearance clearance;
  private final Spared spared;
  private final Checks checks;
  private final CheckRun run;
  private final Penalty convictions;
  private final Penalty ejections;
  private State state = State.HEALTHY;
  private Standing standing = Standing.IN_SERVICE; // as observed
  private long sinceEpochMillis;
  private long sinceNanos;
  private String reason = "new";
  private boolean trial; // back from an ejection or conviction
  private boolean byTraffic; // what suspects it now
  private boolean silent; // nothing at all was heard, not even a refusal
  private boolean stopped;

  EndpointDetector(Surroundings around, EndpointSignals signals, Prober.Target target) {
    this.around = around;
    this.signals = signals;
    this.checks = new Checks(around.checks(), this, target);
    this.run = new CheckRun(around.ticker());
    this.convictions = new Penalty(around.ticker());
    this.ejections = new Penalty(around.ticker());
    this.traffic = new Traffic(around.ticker(), signals);
    this.clearance = new Clearance(signals);
    this.spared = new Spared(around.ticker());
    stamp();
  }

  /**
   * Begins, with a check as soon as the jitter allows.
   *
   * @param lost whether its address was lost under another check, so that it begins out of service
   */
  void start(boolean lost) {
    signals.onFailures(this::traffic);
    traffic.forgive();
    if (lost) {
      become(State.CONVICTED, "this address was lost under another check");
    }
    checks.in(Duration.ofMillis(around.random().nextInt(100)));
  }

  /** Ends all checks; the standing stays as it is for requests that still know the endpoint. */
  void stop() {
    stopped = true;
    checks.stop();
    signals.onFailures(() -> {});
  }

  /** New times and trust for the same address and check. */
  void reconfigure(Prober.Target target) {
    checks.target(target);
  }

  /** Looks at live traffic after a failure. */
  void traffic() {
    if (stopped || state != State.HEALTHY) {
      return;
    }
    if (trial && signals.inARow() >= TRIAL_RUN) {
      eject(signals.inARow() + " failed requests in a row on trial");
    } else if (clearance.isRefuted()) {
      eject("requests fail although checks answer");
    } else if (signals.standing() == Standing.SUSPECT) {
      Failure last = signals.lastFailure();
      suspect("a request failed: " + last, around.ticker().nanos(), last == Failure.TIMEOUT, true);
    } else {
      spared.asked(signals.takeSpareSeconds());
      spare("answers ask to spare it");
    }
  }

  /** New callers go elsewhere while it asks for that. */
  private void spare(String why) {
    boolean wanted = spared.isWanted();
    if (state == State.HEALTHY && wanted != (standing == Standing.DRAINING)) {
      back(wanted ? why : "it asks no longer to be spared");
    }
  }

  /** Listens whether traffic is still answered; more often than {@link #tick}. */
  void listen() {
    long gap = traffic.listen();
    if (around.doubt().holds()) {
      traffic.doubt();
    } else if (gap > 0 && state == State.HEALTHY) {
      String what = "no answer for " + gap / 1_000_000 + " ms";
      suspect(what, around.ticker().nanos() - gap, true, true);
    }
  }

  /** Looks at rates and times; every quarter of a second. */
  void tick() {
    traffic.sample();
    signals.busy(traffic.isBusy());
    long now = around.ticker().nanos();
    long age = now - sinceNanos;
    if (state == State.HEALTHY) {
      if (traffic.isFailing()) {
        if (trial || clearance.isGiven()) {
          eject("half of the requests fail although checks answer");
        } else {
          suspect("half of the requests fail", now, false, true);
        }
        return;
      }
      if (age > TRIAL.toNanos()) {
        trial = false;
        clearance.withdraw();
      }
      traffic();
    } else if (state == State.EJECTED && run.clean() && age > ejection().toNanos()) {
      comeBack("on trial after " + ejection().toSeconds() + " s");
    }
  }

  /** This process stood still: what was measured meanwhile does not count. */
  void doubt() {
    traffic.doubt();
    if (state == State.SUSPECT) {
      checks.discard();
      run.restart();
      signals.confirmed(false);
    }
  }

  /** Checks at once, so that what is heard of others can be told from what is heard of it. */
  void witness() {
    if (!stopped
        && state == State.HEALTHY
        && around.ticker().nanos() - checks.sentNanos() > WITNESS_AGAIN.toNanos()) {
      checks.now();
    }
  }

  private void suspect(String why, long evidence, boolean unheard, boolean traffic) {
    byTraffic = traffic;
    signals.evidence(evidence);
    silent = unheard;
    if (unheard) {
      checks.heardNothing();
    }
    become(State.SUSPECT, why);
    checks.now();
  }

  private void eject(String why) {
    if (around.doubt().holds()) {
      return;
    }
    signals.evidence(around.ticker().nanos());
    ejections.lost();
    become(State.EJECTED, why);
    checks.reschedule();
  }

  private Duration ejection() {
    return ejections.stretch(EJECTION);
  }

  private void convict(String why) {
    if (state == State.SUSPECT) {
      convictions.lost();
    }
    become(State.CONVICTED, why);
    checks.reschedule();
  }

  /** A check of the burst answered. */
  private void acquit() {
    if (clearance.isRefuted()) {
      eject("requests fail although checks answer");
      return;
    }
    if (byTraffic) {
      clearance.give();
    }
    back("a check answered");
  }

  private void comeBack(String why) {
    trial = true;
    clearance.withdraw();
    back(why);
  }

  private void back(String why) {
    signals.forgive();
    traffic.forgive();
    become(State.HEALTHY, why);
    checks.reschedule();
  }

  private void become(State to, String why) {
    Standing from = standing;
    state = to;
    standing = to == State.HEALTHY && spared.isWanted() ? Standing.DRAINING : to.standing;
    reason = why;
    checks.discard();
    run.restart();
    stamp();
    signals.confirmed(to == State.CONVICTED);
    signals.standing(standing);
    around.observer().changed(this, from, standing, why);
  }

  private void stamp() {
    sinceNanos = around.ticker().nanos();
    sinceEpochMillis = around.ticker().epochMillis();
  }

  @Override
  public void checked(Prober.Result result, long sentNanos, boolean decides) {
    run.total(result);
    around.observer().probed(this, result);
    if (!decides) {
      return;
    }
    run.add(result);
    spared.checked(result);
    signals.leaving(result.outcome() == Prober.Outcome.DRAINING);
    HealthCheck check = checks.target().check();
    int failures = check.failures();
    String what = "check: " + result.detail();
    switch (state) {
      case HEALTHY -> {
        if (result.isAlive()) {
          spare(what);
        } else {
          suspect(what, sentNanos, result.outcome() == Prober.Outcome.SILENT, false);
        }
      }
      case SUSPECT -> {
        if (result.isAlive()) {
          acquit();
        } else if (run.convicts(failures, around.doubt())) {
          convict(what);
        } else if (run.convicts(CONFIRMATIONS)) {
          signals.confirmed(true);
        }
      }
      case EJECTED -> {
        if (run.convicts(failures, around.doubt())) {
          convict(what);
        }
      }
      case CONVICTED -> {
        if (run.recovered(check.successes(), holdDown().toNanos())) {
          comeBack(run.successes() + " checks answered");
        }
      }
    }
  }

  /** How long checks must answer before a lost endpoint returns; doubles while it flaps. */
  private Duration holdDown() {
    int wanted = checks.target().check().successes();
    return convictions.stretch(spacing(Spacing.RECOVERY).multipliedBy(wanted));
  }

  @Override
  public Duration spacing() {
    return spacing(standing == Standing.DRAINING ? Spacing.RECOVERY : state.spacing);
  }

  private Duration spacing(Spacing spacing) {
    return spacing.of(checks.target().check().times(), around.random());
  }

  EndpointSignals signals() {
    return signals;
  }

  Prober.Target target() {
    return checks.target();
  }

  /** Whether it is suspected and nothing was heard of it since, or a check just heard nothing. */
  boolean isSilent() {
    return state == State.SUSPECT
        ? silent && run.isSilent()
        : state == State.HEALTHY && checks.heardNothingLately();
  }

  /** Whether it answers far slower than it used to. */
  boolean isSlow() {
    return traffic.isSlow();
  }

  /** When an attempt last succeeded or failed there, to a look. */
  long touchedNanos() {
    return traffic.touchedNanos();
  }

  /** Whether any check has ended. */
  boolean probedOnce() {
    return checks.last() != null;
  }

  RegionStatus.EndpointStatus status() {
    Prober.Result last = checks.last();
    return new RegionStatus.EndpointStatus(
        target().endpoint().url(),
        RegionStatus.described(target().check()),
        signals.standing(),
        state.name(),
        sinceEpochMillis,
        reason,
        last == null ? null : last.outcome() + " " + last.detail(),
        checks.lastEpochMillis(),
        signals.successes(),
        RegionStatus.failures(signals),
        run.checks(),
        run.failedChecks(),
        convictions.times(),
        ejections.times());
  }
}
