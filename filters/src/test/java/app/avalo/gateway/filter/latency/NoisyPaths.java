package app.avalo.gateway.filter.latency;

import app.avalo.gateway.filter.time.VirtualTime;
import java.time.Duration;
import java.util.Random;

/**
 * One caller and eight regions over unquiet paths: every sample carries jitter, some carry queues,
 * and now and then a path changes for good. One decision after each round of samples, as for a
 * caller who is measured every ten minutes.
 */
final class NoisyPaths {
  private static final double JITTER = 0.04;
  private static final double QUEUES = 0.05;
  private static final double ROUTE_CHANGES = 0.001;

  private NoisyPaths() {}

  /**
   * What came of it.
   *
   * @param decisions made
   * @param switches of region among them
   * @param excessMillis mean of what was lost against the fastest at the time
   */
  record Result(int decisions, int switches, double excessMillis) {
    double switchesPerHundred() {
      return 100.0 * switches / decisions;
    }
  }

  static Result run(long seed, int decisions) {
    Random random = new Random(seed);
    World world = World.named(seed);
    VirtualTime time = new VirtualTime();
    LatencyModel model = new LatencyModel(6, time);
    Ranking ranking = new Ranking(model);
    World.City city = world.cities().get(random.nextInt(world.cities().size()));
    Vantage from = world.vantage(city);
    double[] path = city.trueMillis().clone();
    int present = -1;
    int switches = 0;
    double excess = 0;
    for (int i = 0; i < decisions; i++) {
      time.advance(Duration.ofMinutes(10));
      for (int region = 0; region < path.length; region++) {
        if (random.nextDouble() < ROUTE_CHANGES) {
          path[region] = city.trueMillis()[region] * (1 + 0.5 * random.nextDouble());
        }
        float sample = (float) (path[region] * Math.exp(JITTER * random.nextGaussian()));
        if (random.nextDouble() < QUEUES) {
          sample += (float) (80 * random.nextDouble());
        }
        model.sample(from, region, sample, LatencyModel.Trust.REPORTED_AGAIN);
      }
      int[] fallback = {0, 1, 2, 3, 4, 5, 6, 7};
      int chosen = ranking.rank(from, 0xff, fallback, present, Ranking.Margin.PLAIN).get(0);
      switches += present >= 0 && chosen != present ? 1 : 0;
      present = chosen;
      excess += path[chosen] - least(path);
    }
    return new Result(decisions, switches, excess / decisions);
  }

  private static double least(double[] path) {
    double least = path[0];
    for (double millis : path) {
      least = Math.min(least, millis);
    }
    return least;
  }
}
