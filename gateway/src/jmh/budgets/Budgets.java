import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/** Whether money is lost, spent twice or held for nobody; see the script beside it. */
public final class Budgets {
  private static final int CALLERS = 64;

  /** Of each gateway; not so many that a gateway takes long to start beside them. */
  private static final int PAYERS = 8;

  private Budgets() {}

  public static void main(String[] args) throws Exception {
    String kind = args.length > 0 ? args[0] : "race";
    int given = args.length > 1 ? Integer.parseInt(args[1]) : 0;
    boolean good =
        switch (kind) {
          case "race" -> race(given > 0 ? given : 10);
          case "kill" -> kill(given > 0 ? given : 200, System.nanoTime());
          case "leave" -> leave(given > 0 ? given : 20);
          case "replay" -> Replay.measure(given > 0 ? given : 10, System.nanoTime());
          case "stream" -> Streams.measure(given > 0 ? given : 5);
          case "cpu" -> 
              Cpu.measure(
                  given > 0 ? given : 120, List.of(args).subList(Math.min(2, args.length), args.length));
          default ->
              throw new IllegalArgumentException(
                  kind + " (expected race, kill, leave, replay, stream or cpu)");
        };
    System.exit(good ? 0 : 1);
  }

  /** Every round has a budget of its own, of which callers of four gateways want the rest. */
  private static boolean race(int rounds) throws Exception {
    long overspent = 0;
    long least = Long.MAX_VALUE;
    try (World world = new World(4, rounds)) {
      for (int round = 0; round < rounds; round++) {
        int budget = round;
        world.spendAllBut(budget, World.AMOUNT / 10);
        long before = world.service.spent(budget);
        Callers callers = new Callers(world, budget, CALLERS, 20);
        callers.join();
        long left = World.AMOUNT / 10 - (world.service.spent(budget) - before);
        overspent = Math.max(overspent, -left);
        least = Math.min(least, left);
        System.out.printf("round %d: left %d of %d micros%n", round, left, World.AMOUNT / 10);
      }
      System.out.printf(
          "requests served twice: %d; gateways that lost Redis: %d%n",
          world.service.repeated(), world.logged("budget store lost"));
    }
    System.out.printf(
        "race: %d rounds, 4 gateways, %d callers each: overspend %d micros (must 0)%n",
        rounds, CALLERS, overspent);
    return overspent == 0;
  }

  /** One of two gateways, or Redis, is killed while each pays for callers of its own. */
  private static boolean kill(int rounds, long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> wrong = new ArrayList<>();
    try (World world = new World(2, 2 * PAYERS)) {
      List<Payer> payers = new ArrayList<>();
      for (int budget = 0; budget < 2 * PAYERS; budget++) {
        payers.add(new Payer(world, budget / PAYERS, budget));
      }
      Map<String, Long> spent = new TreeMap<>();
      for (int round = 0; round < rounds + 2; round++) {
        // Shorter and longer than a gateway takes to start, so it is killed as it recovers, too.
        LockSupport.parkNanos(random.nextLong(50_000_000, 2_500_000_000L));
        int which = random.nextInt(5);
        if (which == 0 && round < rounds) {
          world.killRedis();
        } else {
          int gateway = round < rounds ? which % 2 : round - rounds; // at the end each once more
          Map<String, Long> charged = LedgerFiles.spent(world.killGateway(gateway));
          for (int p = gateway * PAYERS; p < (gateway + 1) * PAYERS; p++) {
            String found = payers.get(p).check(charged.getOrDefault("b" + p, 0L));
            if (found != null) {
              wrong.add("round " + round + " " + found);
            }
            spent.put("b" + p, charged.getOrDefault("b" + p, 0L));
            if (round >= rounds) {
              payers.get(p).stop();
            }
          }
          world.startGateway(gateway);
        }
        if (round % 10 == 9) {
          System.out.printf(
              "%d rounds, %d served, %d wrong%n",
              round + 1, world.service.ids().size(), wrong.size());
        }
      }
      world.awaitGateways();
      long differing = 0;
      long phantom = 0;
      for (int budget = 0; budget < 2 * PAYERS; budget++) {
        long expected = spent.get("b" + budget);
        differing += Math.abs(world.settled(budget, "spent", expected) - expected);
        phantom += Math.abs(world.settled(budget, "charged", expected) - expected);
      }
      wrong.forEach(System.out::println);
      System.out.printf(
          "kill: %d rounds (seed %d), %d requests served: %d sums that no account of them explains,"
              + " Redis differs by %d micros, phantom reserve %d micros (must 0, 0, 0)%n",
          rounds, seed, world.service.ids().size(), wrong.size(), differing, phantom);
      return wrong.isEmpty() && differing == 0 && phantom == 0;
    }
  }

  /** Two gateways are stopped in turn while they are paid through; none ever comes back. */
  private static boolean leave(int rounds) throws Exception {
    try (World world = new World(2, 2 * PAYERS)) {
      List<Payer> payers = new ArrayList<>();
      for (int budget = 0; budget < 2 * PAYERS; budget++) {
        payers.add(new Payer(world, budget / PAYERS, budget));
      }
      for (int round = 0; round < rounds; round++) {
        LockSupport.parkNanos(1_500_000_000);
        world.replaceGateway(round % 2);
        world.awaitGateways();
      }
      payers.forEach(Payer::stop);
      long differing = 0;
      long phantom = 0;
      for (int budget = 0; budget < 2 * PAYERS; budget++) {
        long expected = world.service.spent(budget);
        differing += Math.abs(world.settled(budget, "spent", expected) - expected);
        phantom += Math.abs(world.settled(budget, "charged", expected) - expected);
      }
      System.out.printf(
          "leave: %d gateways stopped for good, %d requests served: Redis differs by %d micros,"
              + " phantom reserve %d micros (must 0, 0)%n",
          rounds, world.service.ids().size(), differing, phantom);
      return differing == 0 && phantom == 0;
    }
  }
}
