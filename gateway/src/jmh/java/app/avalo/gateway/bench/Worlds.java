package app.avalo.gateway.bench;

import app.avalo.gateway.filter.latency.World;
import app.avalo.gateway.filter.latency.WorldTrial;
import app.avalo.gateway.filter.latency.WorldTrial.Score;
import app.avalo.gateway.filter.time.AllowedHere;
import java.io.PrintStream;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * How good the choice of region is, on worlds of the seeds named:
 *
 * <pre>java -cp gateway/target/benchmarks.jar app.avalo.gateway.bench.Worlds [seeds]</pre>
 */
public final class Worlds {
  private Worlds() {}

  @AllowedHere("prints its figures")
  public static void main(String[] arguments) {
    int seeds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 12;
    show(System.out, "eight named regions", World::named, seeds);
    show(System.out, "eight cities drawn", World::drawn, seeds);
  }

  private static void show(PrintStream out, String kind, LongFunction<World> worlds, int seeds) {
    out.println(kind + ", seeds 1 to " + seeds);
    out.println("  distance alone    " + mean(worlds, seeds, (t, seed) -> t.distance()));
    out.println("  nobody reported   " + mean(worlds, seeds, (t, seed) -> t.cold(seed)));
    out.println("  after one round   " + mean(worlds, seeds, (t, seed) -> t.after(1, seed)));
    out.println("  after three       " + mean(worlds, seeds, (t, seed) -> t.after(3, seed)));
  }

  private interface Trial {
    Score run(WorldTrial world, long seed);
  }

  private static Score mean(LongFunction<World> worlds, int seeds, Trial trial) {
    return Score.mean(
        LongStream.rangeClosed(1, seeds)
            .mapToObj(seed -> trial.run(new WorldTrial(worlds.apply(seed)), seed))
            .toList());
  }
}
