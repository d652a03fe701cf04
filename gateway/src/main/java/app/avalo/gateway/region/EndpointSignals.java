package app.avalo.gateway.region;

import app.avalo.gateway.config.ServiceConfig;
import app.avalo.gateway.config.ServiceConfig.CheckAnswer;
import app.avalo.gateway.config.ServiceConfig.CheckKind;
import app.avalo.gateway.config.ServiceConfig.CheckRequest;
import app.avalo.gateway.config.ServiceConfig.Endpoint;
import app.avalo.gateway.config.ServiceConfig.HealthCheck;
import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.config.ServiceConfig.UpstreamTls;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.region.evidence.LatencyCounts;
import app.avalo.gateway.region.evidence.Traffic;
import app.avalo.gateway.region.probe.Prober;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The side of an endpoint that live traffic sees, from every loop. A success costs one striped
 * counter and one read. A failure may suspect the endpoint on the spot, so that the next request
 * already avoids it, and wakes the control loop at most once until that has looked.
 *
 * <p>Suspicion follows algorithms 3.2: at once when refused or timed out; on a reset when it is the
 * second in a row or in 500 ms, or nothing else is going on (a lone reset in a busy stream is
 * usually a keep-alive race); on the fifth bad answer in a row.
 */
final class EndpointSignals implements EndpointHealth, Traffic.Totals {
  static final int BAD_ANSWERS = 5;
  private static final long RESETS_WITHIN_NANOS = 500_000_000L;

  private final Key key;
  private final Executor control;
  private final Ticker ticker;
  private final AtomicReference<Standing> standing = new AtomicReference<>(Standing.IN_SERVICE);
  private final LongAdder sent = new LongAdder();
  private final LongAdder settled = new LongAdder();
  private final LatencyCounts latencies = new LatencyCounts();
  private final LongAdder successes = new LongAdder();
  private final LongAdder[] failures = new LongAdder[Failure.values().length];
  private final AtomicInteger inARow = new AtomicInteger();
  private final AtomicInteger askedInARow = new AtomicInteger();
  private final AtomicBoolean woken = new AtomicBoolean();
  private volatile Runnable wake = () -> {}; // control loop
  private boolean doubted; // control loop
  private long doubtedNanos; // control loop
  private volatile long evidenceNanos; // control loop
  private volatile boolean confirmed; // control loop: by checks, since it is in doubt
  private volatile boolean busy; // control loop: answers arrived lately
  private volatile long lastResetNanos = Long.MIN_VALUE / 2; // any data-plane loop
  private volatile @Nullable Failure lastFailure; // any data-plane loop
  private volatile int spareSeconds; // any data-plane loop
  private volatile boolean leaving; // control loop

  /**
   * What makes two endpoints the same: one address of a region, checked in one way.
   *
   * @param whole whether it is asked about the region as a whole; no traffic goes there then
   * @param tls trust of an https endpoint, null for http
   */
  record Key(
      String region,
      boolean whole,
      Protocol protocol,
      String host,
      int port,
      @Nullable UpstreamTls tls,
      CheckKind kind,
      CheckRequest ask,
      CheckAnswer expect) {
    static Key of(String region, Endpoint endpoint, ServiceConfig service) {
      HealthCheck check = service.health();
      return of(
          region,
          false,
          new Prober.Target(service.protocol(), endpoint, service.upstreamTls(), check));
    }

    static Key of(String region, boolean whole, Prober.Target target) {
      Endpoint endpoint = target.endpoint();
      HealthCheck check = target.check();
      return new Key(
          region,
          whole,
          target.protocol(),
          endpoint.host(),
          endpoint.port(),
          endpoint.tls() ? target.tls() : null,
          check.kind(),
          check.ask(),
          check.expect());
    }

    boolean sameAddress(Key other) {
      return region.equals(other.region)
          && whole == other.whole
          && host.equals(other.host)
          && port == other.port
          && (tls == null) == (other.tls == null);
    }
  }

  EndpointSignals(Key key, Executor control, Ticker ticker) {
    this.key = key;
    this.control = control;
    this.ticker = ticker;
    for (int i = 0; i < failures.length; i++) {
      failures[i] = new LongAdder();
    }
  }

  Key key() {
    return key;
  }

  @Override
  public Standing standing() {
    return standing.get();
  }

  @Override
  public long goneSinceNanos(long nowNanos) {
    return confirmed && standing().compareTo(Standing.SUSPECT) >= 0 ? evidenceNanos : nowNanos;
  }

  long evidenceNanos() {
    return evidenceNanos;
  }

  @Override
  public void succeeded() {
    successes.increment();
    if (inARow.get() != 0) {
      inARow.set(0);
    }
    if (askedInARow.get() != 0) {
      askedInARow.set(0);
    }
  }

  @Override
  public void succeeded(long headNanos) {
    latencies.add(headNanos);
    succeeded();
  }

  @Override
  public void sent() {
    sent.increment();
  }

  @Override
  public void settled() {
    settled.increment();
  }

  @Override
  public void failed(Failure failure) {
    failures[failure.ordinal()].increment();
    lastFailure = failure;
    int run = inARow.incrementAndGet();
    if (suspicious(failure, run)
        && !standing.compareAndSet(Standing.IN_SERVICE, Standing.SUSPECT)) {
      standing.compareAndSet(Standing.DRAINING, Standing.SUSPECT);
    }
    wake();
  }

  @Override
  public void spare(int seconds) {
    spareSeconds = seconds;
    if (askedInARow.incrementAndGet() >= BAD_ANSWERS) {
      wake();
    }
  }

  @Override
  public boolean isLeaving() {
    return leaving;
  }

  void leaving(boolean now) {
    leaving = now;
  }

  private void wake() {
    if (woken.compareAndSet(false, true)) {
      control.execute(this::look);
    }
  }

  /** For how many seconds it asks to be spared, told once each time it has asked enough; else 0. */
  int takeSpareSeconds() {
    if (askedInARow.get() < BAD_ANSWERS) {
      return 0;
    }
    askedInARow.set(0);
    return spareSeconds;
  }

  private boolean suspicious(Failure failure, int run) {
    return switch (failure) {
      case CONNECT, TIMEOUT -> true;
      case RESET -> {
        long now = ticker.nanos();
        boolean close = now - lastResetNanos <= RESETS_WITHIN_NANOS;
        lastResetNanos = now;
        yield close || run >= 2 || !busy;
      }
      case BAD_ANSWER -> run >= BAD_ANSWERS;
    };
  }

  private void look() {
    // Cleared before the counters are read: a failure after this wakes again.
    woken.set(false);
    wake.run();
  }

  /** What the control loop does after failures. */
  void onFailures(Runnable wake) {
    this.wake = wake;
  }

  void evidence(long nanos) {
    evidenceNanos = nanos;
  }

  void confirmed(boolean now) {
    confirmed = now;
  }

  void standing(Standing now) {
    boolean doubt = now.compareTo(Standing.SUSPECT) >= 0;
    if (doubt && !doubted) {
      doubtedNanos = ticker.nanos();
    }
    doubted = doubt;
    standing.set(now);
  }

  /** Since when its requests go elsewhere if they can, or last did. Control loop. */
  long doubtedNanos() {
    return doubtedNanos;
  }

  void busy(boolean now) {
    busy = now;
  }

  /** Forgets the current run of failures, and what it asked for. */
  void forgive() {
    inARow.set(0);
    askedInARow.set(0);
  }

  int inARow() {
    return inARow.get();
  }

  @Override
  public long sentSoFar() {
    return sent.sum();
  }

  @Override
  public long settledSoFar() {
    return settled.sum();
  }

  @Override
  public LatencyCounts latencies() {
    return latencies;
  }

  @Override
  public long successes() {
    return successes.sum();
  }

  @Override
  public long failures() {
    long sum = 0;
    for (LongAdder failure : failures) {
      sum += failure.sum();
    }
    return sum;
  }

  long failures(Failure kind) {
    return failures[kind.ordinal()].sum();
  }

  @Nullable Failure lastFailure() {
    return lastFailure;
  }
}
