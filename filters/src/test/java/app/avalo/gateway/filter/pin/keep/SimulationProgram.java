package app.avalo.gateway.filter.pin.keep;

import app.avalo.gateway.filter.pin.keep.Simulation.Setup;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;

/**
 * Runs the storms of {@link Simulation} by the hundred thousand: first seed and number of seeds, by
 * default 0 and 100,000. Prints each seed that broke a promise, with what broke; exits with 1 then.
 */
final class SimulationProgram {
  private SimulationProgram() {}

  public static void main(String[] arguments) {
    long first = arguments.length > 0 ? Long.parseLong(arguments[0]) : 0;
    long count = arguments.length > 1 ? Long.parseLong(arguments[1]) : 100_000;
    LongAdder accepted = new LongAdder();
    LongAdder refused = new LongAdder();
    LongAdder moves = new LongAdder();
    LongAdder broken = new LongAdder();
    long began = System.nanoTime();
    LongStream.range(first, first + count)
        .parallel()
        .forEach(
            seed -> {
              History history = new Simulation(seed, Setup.COMPLETE).run();
              accepted.add(history.accepted());
              refused.add(history.refused());
              moves.add(history.moves());
              List<String> violations = history.violations();
              if (!violations.isEmpty()) {
                broken.increment();
                System.out.println("seed " + seed + ": " + violations);
              }
            });
    System.out.printf(
        "seeds %d to %d: %d broken, %d writes accepted, %d refused by fences, %d cells moved, %d s%n",
        first,
        first + count - 1,
        broken.sum(),
        accepted.sum(),
        refused.sum(),
        moves.sum(),
        (System.nanoTime() - began) / 1_000_000_000);
    System.exit(broken.sum() == 0 ? 0 : 1);
  }
}
