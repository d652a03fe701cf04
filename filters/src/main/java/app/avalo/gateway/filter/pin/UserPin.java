package app.avalo.gateway.filter.pin;

import app.avalo.gateway.config.ServiceConfig.Contract;
import app.avalo.gateway.config.ServiceConfig.Pin;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.filter.Pinned;
import app.avalo.gateway.filter.pin.PinCookie.Tenure;
import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import app.avalo.gateway.filter.pin.cell.Stamp;
import app.avalo.gateway.filter.pin.keep.View;
import app.avalo.gateway.filter.pin.store.Epoch;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The pin of one exchange. Immutable; the latest map makes another one.
 *
 * @param visit whose request it is
 * @param pin group and contract
 * @param home region index, or {@link #HOMELESS}
 * @param owner what the map says
 * @param region of the owner, in the exchange's plan
 * @param origin see {@link Pinned#origin}
 */
record UserPin(Visit visit, Pin pin, int home, Owner owner, Region region, String origin)
    implements Pinned {
  /** The store could not tell the home: served somewhere, under an epoch below all others. */
  static final int HOMELESS = -1;

  /**
   * Without a lease for so long, a group that goes on without the store goes on by its last map:
   * time enough for all who have the store to move nobody behind our back in an ordinary hiccup.
   */
  private static final long FROZEN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final CharSequence GROUP = AsciiString.cached("x-pin-group");
  private static final CharSequence REGION = AsciiString.cached("x-pin-region");
  private static final CharSequence CELL = AsciiString.cached("x-pin-cell");
  private static final CharSequence EPOCH = AsciiString.cached("x-pin-epoch");
  private static final CharSequence DEADLINE = AsciiString.cached("x-pin-deadline-ms");
  private static final CharSequence UNTIL = AsciiString.cached("x-pin-until");
  private static final CharSequence STALE = AsciiString.cached("x-pin-stale");
  private static final CharSequence SIGNATURE = AsciiString.cached("x-pin-signature");

  /** The pin of a user by the latest map, or null if the plan has not the owner's region. */
  static @Nullable UserPin of(Visit visit, Pin pin, int home, String origin) {
    PinIdentity identity = visit.identity();
    Owner owner = visit.map().view().map().owner(home, identity.high(), identity.low());
    Region region = region(visit.exchange().plan().regions(), owner.region());
    return region == null ? null : new UserPin(visit, pin, home, owner, region, origin);
  }

  /** The pin of a user whose home the store does not tell. */
  static UserPin homeless(Visit visit, Pin pin, Region region) {
    Owner nobody = new Owner(Epoch.of(0, region.config().index()), 0, Owner.STAYS);
    return new UserPin(visit, pin, HOMELESS, nobody, region, "none");
  }

  private static @Nullable Region region(List<Region> regions, int index) {
    for (int i = 0; i < regions.size(); i++) {
      Region region = regions.get(i);
      if (region.config().index() == index) {
        return region;
      }
    }
    return null;
  }

  @Override
  public String group() {
    return pin.group();
  }

  @Override
  public Contract contract() {
    return pin.contract();
  }

  @Override
  public long epoch() {
    return owner.epoch();
  }

  @Override
  public Pinned now() {
    if (home == HOMELESS) {
      return this;
    }
    UserPin latest = of(visit, pin, home, origin);
    return latest == null || latest.epoch() == epoch() ? this : latest;
  }

  @Override
  public boolean writes() {
    return switch (visit.exchange().method()) {
      case "GET", "HEAD", "OPTIONS" ->
          visit.exchange().head().headers().contains(HttpHeaders.UPGRADE);
      default -> true;
    };
  }

  @Override
  public boolean mayWrite(long nowNanos) {
    View view = visit.map().view();
    if (home == HOMELESS) {
      return isFrozen(view, nowNanos);
    }
    PinIdentity identity = visit.identity();
    Owner latest = view.map().owner(home, identity.high(), identity.low());
    boolean mine = latest.epoch() == epoch() && view.map().open(latest) && witnessed() <= epoch();
    return mine && (view.leaseNanos(nowNanos) > 0 || isFrozen(view, nowNanos));
  }

  /** Whether a write is in vain because the store has not answered for a while. */
  boolean isBlind(long nowNanos) {
    return writes() && visit.map().view().leaseNanos(nowNanos) < -FROZEN_NANOS;
  }

  /** Whether the group goes on by the last map because there is no newer one. */
  private boolean isFrozen(View view, long nowNanos) {
    return contract() != Contract.SINGLE_HOME && view.leaseNanos(nowNanos) < -FROZEN_NANOS;
  }

  /** Whether its caller carries a cookie of it: not without a home, nor for what a header names. */
  boolean isWitnessed() {
    return home != HOMELESS && visit.identity().kind() != PinIdentity.Kind.HEADER;
  }

  /** The highest epoch that the caller was ever served under. */
  private long witnessed() {
    Tenure tenure = visit.tenure(group());
    return tenure == null ? 0 : tenure.epoch();
  }

  @Override
  public void tell(MultiMap to, String requestId, long nowNanos) {
    View view = visit.map().view();
    String cell = cell();
    String epoch = Long.toString(epoch());
    long leaseNanos = view.leaseNanos(nowNanos);
    boolean stale = leaseNanos <= 0 || home == HOMELESS;
    String left = stale ? "stale" : Long.toString(leaseNanos / 1_000_000);
    to.set(GROUP, group());
    to.set(REGION, region.name());
    to.set(CELL, cell);
    to.set(EPOCH, epoch);
    String until = stale ? "" : Long.toString(view.leaseEndMillis());
    if (stale) {
      to.set(STALE, "1");
    } else {
      to.set(DEADLINE, left);
      to.set(UNTIL, until);
    }
    String signature = visit.cookies().seal(cell, epoch, left + '\n' + until, requestId);
    if (signature != null) {
      to.set(SIGNATURE, signature);
    }
  }

  private String cell() {
    if (home == HOMELESS) {
      return "-";
    }
    return key().toString();
  }

  /** What moves when this user moves: the user, where he is apart, else his cell. */
  CellKey key() {
    PinIdentity identity = visit.identity();
    return visit.map().view().map().key(home, identity.high(), identity.low());
  }

  @Override
  public void refused(long epoch) {
    boolean known = region(visit.exchange().plan().regions(), Epoch.region(epoch)) != null;
    if (home != HOMELESS && known && isBelievable(epoch)) {
      visit.map().witness(key(), epoch);
    }
  }

  /** A broken service must not use up all the numbers there are. */
  private boolean isBelievable(long epoch) {
    Stamp stamp = visit.map().view().map().stamp();
    return epoch > 0 && Epoch.counter(epoch) - stamp.version() < Integer.MAX_VALUE;
  }

  /** Whether a cookie of this gateway knows more than the map, which then learns it. */
  boolean witness() {
    boolean more = home != HOMELESS && witnessed() > epoch();
    if (more) {
      visit.map().witness(key(), witnessed());
    }
    return more;
  }

  /** The request is over, and an answer or the lack of it tells how the user fares. */
  void ended(boolean failed, long nanos) {
    if (home != HOMELESS) {
      visit.map().met(home, visit.identity().high());
      visit.map().ended(owner, failed, nanos);
    }
  }
}
