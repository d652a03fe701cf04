import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Whatever has an id comes twice more, in another order: requests of clients and of a trusted hop,
 * at either gateway, and statements of gateways to Redis, while they pay and afterwards; invoices,
 * and the lines of their ledgers. Of what is spent nothing may change.
 */
final class Replay {
  private static final int GATEWAYS = 2;
  private static final int INVOICES = 100;
  private static final long INVOICE = 70_000;

  /** Requests of a payer that come again while it goes on. */
  private static final int RECENT = 20;

  private static final int EVERY = Integer.MAX_VALUE;

  /** Lines of a snapshot have no id: they are read once, from the beginning. */
  private static final String SNAPSHOT = "TPZ";

  private static final int LETTER = 9; // behind the checksum and a blank
  private static final int IN_LEDGER = 20;

  private final World world;
  private final Random random;
  private final List<Payer> payers = new ArrayList<>(); // by budget
  private final List<Long> expected = new ArrayList<>(); // likewise
  private int repeated; // requests, as often as they were served again
  private long known; // of these, by the gateways
  private long unknown;

  private Replay(World world, long seed) {
    this.world = world;
    this.random = new Random(seed);
  }

  static boolean measure(int seconds, long seed) throws Exception {
    List<String> budgets =
        List.of(World.knowing("Idempotency-Key"), World.knowing("X-Request-ID"));
    try (World world = new World(GATEWAYS, budgets)) {
      return new Replay(world, seed).measure(seconds);
    }
  }

  private boolean measure(int seconds) throws Exception {
    long wrong;
    try (Overheard overheard = new Overheard(world.redis())) {
      int statements = pay(seconds, overheard);
      wrong = told(repeated, "requests, and " + statements + " statements, while gateways pay");
      int afterwards = requests(EVERY) + requests(EVERY);
      repeated += afterwards;
      wrong += told(afterwards, "requests afterwards");
      known = world.metric("gateway_budget_repeats_total{budget=\"b0\",receipt=\"known\"");
      known += world.metric("gateway_budget_repeats_total{budget=\"b1\",receipt=\"known\"");
      unknown = world.metric("gateway_budget_repeats_total{budget=\"b0\",receipt=\"forgotten\"");
      unknown += world.metric("gateway_budget_repeats_total{budget=\"b1\",receipt=\"forgotten\"");
      List<String> all = overheard.commands();
      again(all);
      again(all);
      wrong += told(2 * all.size(), "statements afterwards");
    }
    wrong += told(invoices(2), "invoices");
    int lines = 0;
    for (int gateway = 0; gateway < GATEWAYS; gateway++) {
      lines += ledger(world.killGateway(gateway));
      world.startGateway(gateway);
    }
    world.awaitGateways();
    LockSupport.parkNanos(3_000_000_000L); // until they have stated what they believe
    wrong += told(lines, "lines of ledgers");
    System.out.printf(
        "replay: spent differs by %d micros (must 0); of %d repeats %d were known, %d unknown%n",
        wrong, repeated, known, unknown);
    return wrong == 0 && unknown == 0 && repeated > 0 && known >= repeated;
  }

  /** Two gateways pay, while what they said is said again; how often. */
  private int pay(int seconds, Overheard overheard) throws Exception {
    for (int gateway = 0; gateway < GATEWAYS; gateway++) {
      payers.add(new Payer(world, gateway, gateway));
    }
    invoices(1);
    int said = 0;
    for (long end = System.nanoTime() + seconds * 1_000_000_000L; System.nanoTime() < end; ) {
      List<String> all = overheard.commands();
      List<String> late = all.subList(Math.max(0, all.size() - 50), all.size());
      said += again(late) + again(late);
      repeated += requests(RECENT) + requests(RECENT);
    }
    for (int budget = 0; budget < GATEWAYS; budget++) {
      payers.get(budget).stop();
      expected.add(world.service.spent(budget) + INVOICES * INVOICE);
    }
    return said;
  }

  /** Sends the latest requests of each payer again, in another order, to either gateway; how many. */
  private int requests(int latest) throws InterruptedException {
    List<long[]> order = new ArrayList<>();
    for (int budget = 0; budget < payers.size(); budget++) {
      long calls = payers.get(budget).calls();
      for (long number = Math.max(1, calls - latest + 1); number <= calls; number++) {
        order.add(new long[] {budget, number});
      }
    }
    Collections.shuffle(order, random);
    int served = 0;
    for (long[] call : order) {
      int gateway = random.nextInt(GATEWAYS);
      served += payers.get((int) call[0]).again(world, gateway, call[1]) ? 1 : 0;
    }
    return served;
  }

  private int again(List<String> commands) throws IOException {
    List<String> order = new ArrayList<>(commands);
    Collections.shuffle(order, random);
    for (String command : order) {
      world.redis().command(command);
    }
    return order.size();
  }

  /** Sends all invoices so often; how many that were. */
  private int invoices(int times) throws Exception {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < times * INVOICES; i++) {
      order.add(i % INVOICES);
    }
    Collections.shuffle(order, random);
    for (int invoice : order) {
      for (int budget = 0; budget < GATEWAYS; budget++) {
        world.importCost(random.nextInt(GATEWAYS), budget, "inv-" + invoice, INVOICE);
      }
    }
    return order.size() * GATEWAYS;
  }

  /** Writes the lines of a ledger twice more behind its end; how many. */
  private int ledger(Path directory) throws IOException {
    Path newest;
    try (Stream<Path> found = Files.list(directory)) {
      newest =
          found
              .filter(file -> file.getFileName().toString().matches("budget-ledger\\.\\d{10}"))
              .max(Comparator.naturalOrder())
              .orElseThrow();
    }
    List<String> lines =
        Files.readAllLines(newest, StandardCharsets.ISO_8859_1).stream()
            .filter(line -> line.length() > IN_LEDGER)
            .filter(line -> SNAPSHOT.indexOf(line.charAt(LETTER)) < 0)
            .toList();
    List<String> twice = new ArrayList<>(lines);
    twice.addAll(lines);
    Collections.shuffle(twice, random);
    Files.write(newest, twice, StandardCharsets.ISO_8859_1, StandardOpenOption.APPEND);
    return twice.size();
  }

  /** By how many micro-units the sums in Redis are wrong by now. */
  private long told(int times, String what) throws IOException {
    long wrong = 0;
    for (int budget = 0; budget < GATEWAYS; budget++) {
      wrong += Math.abs(world.settled(budget, "spent", expected.get(budget)) - expected.get(budget));
    }
    System.out.printf("%d %s: spent differs by %d micros%n", times, what, wrong);
    return wrong;
  }
}
