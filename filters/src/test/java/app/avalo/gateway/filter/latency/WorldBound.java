package app.avalo.gateway.filter.latency;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What can be reached at all for a city of which nobody has reported: the choice of somebody who
 * knows how worlds are made, though not how this one came out. Thousands of countries that might be
 * are weighed by how well each explains what the other cities of the country have reported
 * (importance sampling); the choice is best in the mean over them. No model has more to go by.
 */
public final class WorldBound {
  private static final int COUNTRIES = 4000;

  /** Steps of the logarithm of a factor, and how many of them to both sides of 1. */
  private static final double STEP = 0.01;

  private static final int REACH = 250;

  /** Of a city's own length, from -0.5 to 0.5, in steps. */
  private static final int COMMON_REACH = 50;

  private static final int COMMON_STEP = 5;

  /** The fastest of three tries adds so much in the median, give or take so much. */
  private static final double ACCESS_MILLIS = 2;

  private static final double ACCESS_SPREAD_MILLIS = 1.4;

  private final World world;
  private final int regions;
  private final Map<String, List<World.City>> countries = new HashMap<>();
  private final float[][] country; // logarithms of what might be added to each way, in steps
  private final float[][] own;
  private final double[] shape = new double[2 * REACH + 1]; // of what a city adds to a way

  /** The bound for one world. */
  public WorldBound(World world, long seed) {
    this.world = world;
    this.regions = world.regions().size();
    for (World.City city : world.cities()) {
      countries.computeIfAbsent(country(city), name -> new ArrayList<>()).add(city);
    }
    Random random = new Random(seed);
    country = factors(World.COUNTRY_TO_REGION, random);
    own = factors(World.CITY_TO_REGION, random);
    for (float[] each : own) {
      for (float steps : each) {
        shape[at(steps)] += 1.0 / (COUNTRIES * regions);
      }
    }
  }

  private float[][] factors(double spread, Random random) {
    float[][] factors = new float[COUNTRIES][regions];
    for (float[] each : factors) {
      for (int i = 0; i < regions; i++) {
        each[i] = (float) (Math.log(World.factor(spread, random)) / STEP);
      }
    }
    return factors;
  }

  private static int at(double steps) {
    return (int) Math.max(0, Math.min(2 * REACH, Math.round(steps) + REACH));
  }

  private static String country(World.City city) {
    return String.valueOf(city.believed().country());
  }

  /**
   * The choices that find the fastest region for the most cities.
   *
   * @param fear so many fastest regions are given up to serve one city less worse than the nearest
   *     would
   */
  public WorldTrial.Score score(long seed, double fear) {
    Map<World.City, double[]> weights = new HashMap<>();
    Random random = new Random(seed);
    Map<World.City, double[]> explained = new HashMap<>();
    world.cities().forEach(city -> explained.put(city, explained(city, random)));
    for (World.City city : world.cities()) {
      double[] weight = new double[COUNTRIES];
      for (World.City other : countries.get(country(city))) {
        for (int i = 0; other != city && i < COUNTRIES; i++) {
          weight[i] += explained.get(other)[i];
        }
      }
      weights.put(city, weight);
    }
    return new WorldTrial(world).score(city -> choice(city, weights.get(city), fear));
  }

  /** Logarithm of how well each country explains what a city reports of the nearest three. */
  private double[] explained(World.City city, Random random) {
    Vantage from = world.vantage(city);
    double[] explained = new double[COUNTRIES];
    int[] nearest = nearest(from);
    double[][] likely = new double[WorldTrial.CANDIDATES][];
    double[] seen = new double[WorldTrial.CANDIDATES];
    for (int i = 0; i < likely.length; i++) {
      double map = from.mapMillis(nearest[i]);
      double millis = city.trueMillis()[nearest[i]] + WorldTrial.accessMillis(random);
      seen[i] = Math.log(Math.max(0.1, (millis - ACCESS_MILLIS) / map)) / STEP;
      double vague = from.vagueMillis() / Math.sqrt(2);
      likely[i] = blurred(Math.hypot(ACCESS_SPREAD_MILLIS, vague) / map / STEP);
    }
    for (int i = 0; i < COUNTRIES; i++) {
      double sum = 0;
      for (int common = -COMMON_REACH; common <= COMMON_REACH; common += COMMON_STEP) {
        double product = Math.exp(-Math.pow(common * STEP / World.CITY, 2) / 2);
        for (int j = 0; j < likely.length; j++) {
          product *= likely[j][at(seen[j] - common - country[i][nearest[j]])];
        }
        sum += product;
      }
      explained[i] = Math.log(sum + 1e-30);
    }
    return explained;
  }

  private int[] nearest(Vantage from) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < regions; i++) {
      order.add(i);
    }
    order.sort((a, b) -> Float.compare(from.mapMillis(a), from.mapMillis(b)));
    return order.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The shape of what a city adds to a way, blurred by what a report adds. */
  private double[] blurred(double steps) {
    double[] blurred = new double[shape.length];
    int reach = (int) Math.ceil(3 * steps);
    double total = 0;
    for (int by = -reach; by <= reach; by++) {
      total += Math.exp(-by * by / (2 * steps * steps));
    }
    for (int by = -reach; by <= reach; by++) {
      double part = Math.exp(-by * by / (2 * steps * steps)) / total;
      for (int i = Math.max(0, -by); i < shape.length - Math.max(0, by); i++) {
        blurred[i + by] += part * shape[i];
      }
    }
    return blurred;
  }

  private int choice(World.City city, double[] weights, double fear) {
    Vantage from = world.vantage(city);
    int nearest = nearest(from)[0];
    if (countries.get(country(city)).size() == 1) {
      return nearest;
    }
    double most = Double.NEGATIVE_INFINITY;
    for (double weight : weights) {
      most = Math.max(most, weight);
    }
    double[] worth = new double[regions];
    double[] steps = new double[regions];
    for (int i = 0; i < COUNTRIES; i++) {
      double weight = Math.exp(weights[i] - most);
      int best = 0;
      for (int j = 0; j < regions; j++) {
        steps[j] = Math.log(from.mapMillis(j)) / STEP + country[i][j] + own[i][j];
        best = steps[j] < steps[best] ? j : best;
      }
      worth[best] += weight;
      for (int j = 0; j < regions; j++) {
        worth[j] -= steps[j] > steps[nearest] ? fear * weight : 0;
      }
    }
    int chosen = nearest;
    for (int j = 0; j < regions; j++) {
      chosen = worth[j] > worth[chosen] ? j : chosen;
    }
    return chosen;
  }
}
