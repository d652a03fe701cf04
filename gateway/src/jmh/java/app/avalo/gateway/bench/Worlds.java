package app.avalo.gateway.bench;

import app.avalo.gateway.filter.latency.World;
import app.avalo.gateway.filter.latency.WorldBound;
import app.avalo.gateway.filter.latency.WorldTrial;
import app.avalo.gateway.filter.latency.WorldTrial.Score;
import app.avalo.gateway.filter.time.AllowedHere;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * How good the choice of region is, on worlds of the seeds named:
 *
 * <pre>java -cp gateway/target/benchmarks.jar app.avalo.gateway.bench.Worlds [seeds]</pre>
 */
public final class Worlds {
  /** From finding the most to being careful. */
  private static final double[] FEARS = {0, 0.5, 1};

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
    for (double fear : FEARS) {
      String what = String.format(Locale.ROOT, "  bound, fear %.1f   ", fear);
      out.println(what + bound(worlds, seeds, fear));
    }
  }

  /** What nobody could do better who knew how the worlds are made, before the first report. */
  private static Score bound(LongFunction<World> worlds, int seeds, double fear) {
    return Score.mean(
        LongStream.rangeClosed(1, seeds)
            .mapToObj(seed -> new WorldBound(worlds.apply(seed), seed).score(seed, fear))
            .toList());
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
