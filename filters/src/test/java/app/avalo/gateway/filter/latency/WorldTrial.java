package app.avalo.gateway.filter.latency;

import app.avalo.gateway.filter.time.VirtualTime;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Lets the production model choose for every city of a world, before and after its callers have
 * reported, and compares with what is really fastest. Only the model's public methods are used.
 */
public final class WorldTrial {
  private static final VirtualTime CLOCK = new VirtualTime();
  static final int CANDIDATES = 3;

  private final World world;
  private final int[] rank;
  private final long all;

  public WorldTrial(World world) {
    this.world = world;
    rank = new int[world.regions().size()];
    for (int i = 0; i < rank.length; i++) {
      rank[i] = i;
    }
    all = (1L << rank.length) - 1;
  }

  /**
   * How good the choices for all cities were.
   *
   * @param best share that got the fastest region
   * @param near share within 5 ms or 10 % of it
   * @param meanExcessMillis mean of what was lost against it
   * @param worseThanDistance share that distance alone would have served faster
   */
  public record Score(double best, double near, double meanExcessMillis, double worseThanDistance) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "best %5.1f %%  near %5.1f %%  excess %5.2f ms  worse than distance %4.2f %%",
          100 * best,
          100 * near,
          meanExcessMillis,
          100 * worseThanDistance);
    }

    /** The mean of several worlds. */
    public static Score mean(List<Score> scores) {
      return new Score(
          scores.stream().mapToDouble(Score::best).average().orElseThrow(),
          scores.stream().mapToDouble(Score::near).average().orElseThrow(),
          scores.stream().mapToDouble(Score::meanExcessMillis).average().orElseThrow(),
          scores.stream().mapToDouble(Score::worseThanDistance).average().orElseThrow());
    }
  }

  /** Distance alone. */
  public Score distance() {
    Ranking ranking = new Ranking(new LatencyModel(8, CLOCK));
    return score(city -> choice(ranking, city));
  }

  /** Nobody of the city has reported; its country and network have, from the other cities. */
  public Score cold(long seed) {
    return score(
        city -> {
          Random random = new Random(seed);
          LatencyModel model = new LatencyModel(12, CLOCK);
          for (World.City other : world.cities()) {
            if (other != city) {
              report(model, other, random);
            }
          }
          return choice(new Ranking(model), city);
        });
  }

  /** Every city has reported so many times, each time what it was asked to measure. */
  public Score after(int rounds, long seed) {
    Random random = new Random(seed);
    LatencyModel model = new LatencyModel(12, CLOCK);
    for (int round = 0; round < rounds; round++) {
      for (World.City city : world.cities()) {
        report(model, city, random);
      }
    }
    Ranking ranking = new Ranking(model);
    return score(city -> choice(ranking, city));
  }

  private void report(LatencyModel model, World.City city, Random random) {
    Vantage from = world.vantage(city);
    Ranking candidates = new Ranking(model).rank(from, all, rank, -1, Ranking.Margin.PLAIN);
    for (int i = 0; i < CANDIDATES; i++) {
      int region = candidates.get(i);
      double millis = city.trueMillis()[region] + accessMillis(random);
      model.sample(from, region, (float) millis, LatencyModel.Trust.REPORTED);
    }
  }

  /** The fastest of three tries over an access network that adds 4 ms in the median. */
  static double accessMillis(Random random) {
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < 3; i++) {
      least = Math.min(least, 4 * Math.exp(random.nextGaussian()));
    }
    return least;
  }

  private int choice(Ranking ranking, World.City city) {
    return ranking.rank(world.vantage(city), all, rank, -1, Ranking.Margin.PLAIN).get(0);
  }

  interface Chooser {
    int choose(World.City city);
  }

  Score score(Chooser chooser) {
    Ranking untaught = new Ranking(new LatencyModel(8, CLOCK));
    int best = 0;
    int near = 0;
    int worse = 0;
    double excess = 0;
    for (World.City city : world.cities()) {
      int chosen = chooser.choose(city);
      double[] millis = city.trueMillis();
      double least = millis[city.best()];
      best += chosen == city.best() ? 1 : 0;
      near += millis[chosen] <= least + Math.max(5, least / 10) ? 1 : 0;
      worse += millis[chosen] > millis[choice(untaught, city)] ? 1 : 0;
      excess += millis[chosen] - least;
    }
    double cities = world.cities().size();
    return new Score(best / cities, near / cities, excess / cities, worse / cities);
  }
}
