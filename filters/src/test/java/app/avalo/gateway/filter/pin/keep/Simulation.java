package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.cell.CellKey;
import app.avalo.gateway.filter.pin.cell.Owner;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One run of three gateways, three regions with fences and a store under a seed: twelve seconds of
 * faults, then quiet, in which everybody must be served. The same seed gives the same run.
 */
final class Simulation {
  private static final long STORM_ENDS = VirtualTime.millis(16_000);
  private static final long SERVED_BY = VirtualTime.millis(3_000);
  private static final int REGIONS = 3;
  private static final int GATEWAYS = 3;

  private final VirtualTime time = new VirtualTime();
  private final SplittableRandom random;
  private final Setup setup;
  private final Network network;
  private final History history;
  private final SimulatedStore store;
  private final List<SimulatedGateway> gateways = new ArrayList<>();
  private final List<CellKey> users = new ArrayList<>();
  private final Map<CellKey, Long> fences = new HashMap<>();
  private final Map<CellKey, Long> cookies = new HashMap<>();
  private final Map<Long, Boolean> seenWrites = new HashMap<>();
  private final Map<CellKey, Long> served = new HashMap<>();
  private final boolean[] dead = new boolean[REGIONS];
  private final long[] lostToMany = {-1, -1, -1};
  private long writes;

  /**
   * What is in force.
   *
   * @param terms of all gateways
   * @param fence whether regions refuse an epoch lower than one they have seen
   * @param witness whether gateways learn from cookies and from refusals
   */
  record Setup(Terms terms, boolean fence, boolean witness) {
    static final Setup COMPLETE = new Setup(Terms.STANDARD, true, true);
  }

  Simulation(long seed, Setup setup) {
    this.random = new SplittableRandom(seed);
    this.setup = setup;
    this.network = new Network(time, random.split());
    this.history = new History(time, this::wasLostToMany);
    this.store = new SimulatedStore(history);
    for (int i = 0; i < GATEWAYS; i++) {
      double rate = 0.95 + random.nextDouble(0.1);
      gateways.add(new SimulatedGateway("g" + i, network, store, setup.terms(), rate));
    }
    for (int i = 0; i < 9; i++) {
      long low = random.nextLong();
      users.add(i % 3 == 2 ? CellKey.user(i % REGIONS, i, low) : cellUser(i % REGIONS, low));
    }
  }

  private static CellKey cellUser(int home, long low) {
    return CellKey.cell(home, CellKey.cellOf(low));
  }

  History run() {
    time.after(VirtualTime.millis(1500), this::write);
    time.after(VirtualTime.millis(2500), this::fault);
    time.at(STORM_ENDS, this::calm);
    time.runUntil(STORM_ENDS + SERVED_BY);
    served.clear();
    time.runUntil(STORM_ENDS + SERVED_BY + VirtualTime.millis(1_500));
    for (CellKey user : users) {
      if (!served.containsKey(user)) {
        Owner owner = gateways.get(0).keeper().view().map().owner(user);
        history.unserved(
            user,
            "owner "
                + owner
                + ", fence "
                + fences.get(user)
                + ", "
                + gateways.get(0).keeper().view().map().region(owner.region()));
      }
    }
    return history;
  }

  private <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  // --- clients

  private void write() {
    SimulatedGateway gateway = any(gateways);
    CellKey user = any(users);
    if (!gateway.isPaused()) {
      decide(gateway, user);
    }
    time.after(VirtualTime.millis(8), this::write);
  }

  private void decide(SimulatedGateway gateway, CellKey user) {
    View view = gateway.keeper().view();
    history.looked(view.map(), users);
    Owner owner = view.map().owner(user);
    long cookie = cookies.getOrDefault(user, 0L);
    if (setup.witness() && cookie > owner.epoch()) {
      gateway.keeper().witness(user, cookie);
      return;
    }
    if (!view.mayWrite(owner, gateway.nanos())) {
      return;
    }
    List<Integer> elsewhere = new ArrayList<>();
    for (SimulatedGateway other : gateways) {
      View theirs = other.keeper().view();
      Owner seen = theirs.map().owner(user);
      if (theirs.mayWrite(seen, other.nanos())) {
        elsewhere.add(seen.region());
      }
    }
    history.decided(user, owner, elsewhere, gateway.name());
    long write = ++writes;
    if (storm() && random.nextDouble() < 0.01) {
      pause(gateway);
      gateway.run(0, () -> send(gateway, user, owner, write));
    } else {
      send(gateway, user, owner, write);
    }
  }

  private void send(SimulatedGateway gateway, CellKey user, Owner owner, long write) {
    if (!gateway.reaches(owner.region())) {
      return;
    }
    time.after(network.delay(), () -> arrive(gateway, user, owner, write));
    if (storm() && random.nextDouble() < 0.02) {
      time.after(network.delay(), () -> arrive(gateway, user, owner, write));
    }
  }

  /** At the service: the fence and the idempotency key stand in the row that is written. */
  private void arrive(SimulatedGateway gateway, CellKey user, Owner owner, long write) {
    if (dead[owner.region()] || seenWrites.putIfAbsent(write, true) != null) {
      return;
    }
    long fence = fences.getOrDefault(user, 0L);
    if (setup.fence() && owner.epoch() < fence) {
      history.refusedOne();
      if (setup.witness()) {
        gateway.run(network.delay(), () -> gateway.keeper().witness(user, fence));
      }
      return;
    }
    fences.put(user, Math.max(fence, owner.epoch()));
    cookies.merge(user, owner.epoch(), Math::max);
    served.put(user, time.nanos());
    history.accepted(user, owner.epoch(), owner.region(), write);
  }

  // --- the storm

  private boolean storm() {
    return time.nanos() < STORM_ENDS;
  }

  private void calm() {
    network.trouble(0);
    gateways.forEach(gateway -> network.cut(gateway.name(), false));
    for (int region = 0; region < REGIONS; region++) {
      revive(region);
      int index = region;
      gateways.forEach(gateway -> gateway.reaches(index, true));
    }
    Keeper operated = gateways.get(0).keeper();
    operated.order(Order.freeze(false, "op"), result -> {});
    for (int region = 0; region < REGIONS; region++) {
      operated.order(Order.resume(region, "op"), result -> {});
    }
  }

  private void fault() {
    if (!storm()) {
      return;
    }
    network.trouble(random.nextInt(3) / 2.0);
    switch (random.nextInt(9)) {
      case 0 -> pause(any(gateways));
      case 1 -> any(gateways).restart();
      case 2 -> storeDies();
      case 3 -> cutFromStore(any(gateways));
      case 4, 5 -> regionDies(random.nextInt(REGIONS));
      case 6 -> cutFromRegion(any(gateways), random.nextInt(REGIONS));
      case 7 -> command(any(gateways));
      default -> mishap();
    }
    time.after(span(1800), this::fault);
  }

  private void pause(SimulatedGateway gateway) {
    gateway.pause(Math.min(span(5000), STORM_ENDS - time.nanos()));
  }

  /** What a witness is for: the store loses a commit, and so does everybody who knew of it. */
  private void mishap() {
    int region = random.nextInt(REGIONS);
    CellKey user = any(users);
    any(gateways).keeper().order(Order.move(user, region, "op"), result -> {});
    time.after(
        VirtualTime.millis(500) + span(1500),
        () -> {
          if (storm()) {
            store.die();
            gateways.forEach(SimulatedGateway::restart);
            store.revive(1 + random.nextInt(3));
          }
        });
  }

  private long span(double mostMillis) {
    return VirtualTime.millis(random.nextDouble(mostMillis));
  }

  private void later(long nanos, Runnable task) {
    time.at(Math.min(time.nanos() + nanos, STORM_ENDS), task);
  }

  private void storeDies() {
    store.die();
    int lost = random.nextInt(4);
    later(span(2500), () -> store.revive(lost));
  }

  private void cutFromStore(SimulatedGateway gateway) {
    network.cut(gateway.name(), true);
    later(span(4000), () -> network.cut(gateway.name(), false));
  }

  private void regionDies(int region) {
    dead[region] = true;
    for (SimulatedGateway gateway : gateways) {
      gateway.reaches(region, false);
    }
    lostToMany[region] = time.nanos();
    later(VirtualTime.millis(500) + span(6000), () -> revive(region));
  }

  private void revive(int region) {
    if (dead[region]) {
      look(region);
      dead[region] = false;
      gateways.forEach(gateway -> gateway.reaches(region, true));
    }
  }

  private void cutFromRegion(SimulatedGateway gateway, int region) {
    gateway.reaches(region, false);
    look(region);
    later(
        span(6000),
        () -> {
          look(region);
          gateway.reaches(region, !dead[region]);
        });
  }

  private void command(SimulatedGateway gateway) {
    int region = random.nextInt(REGIONS);
    int to = random.nextInt(REGIONS);
    Order order =
        switch (random.nextInt(8)) {
          case 0 -> Order.giveUp(region, to == region ? -1 : to, "op");
          case 1 -> Order.drain(region, -1, 500 + random.nextInt(4500), "op");
          case 2, 3 -> Order.resume(region, "op");
          case 4 -> Order.stop(region, "op");
          case 5 -> Order.abort(region, "op");
          case 6 -> Order.freeze(random.nextBoolean(), "op");
          default -> Order.move(any(users), to, "op");
        };
    gateway.keeper().order(order, result -> {});
  }

  private void look(int region) {
    int cannot = 0;
    for (SimulatedGateway gateway : gateways) {
      cannot += gateway.reaches(region) ? 0 : 1;
    }
    if (cannot * 2 > GATEWAYS) {
      lostToMany[region] = time.nanos();
    }
  }

  private boolean wasLostToMany(int region) {
    look(region);
    long last = lostToMany[region];
    return last >= 0 && time.nanos() - last < VirtualTime.millis(6_000);
  }
}
