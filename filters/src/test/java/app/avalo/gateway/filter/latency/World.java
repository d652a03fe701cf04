package app.avalo.gateway.filter.latency;

import app.avalo.gateway.config.RegionConfig;
import app.avalo.gateway.config.plan.Region;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A world that a seed makes: some 200 real cities, eight regions, and the true round trip between
 * each. A path is as long as the map says, times what its city, its country and its own detours
 * add. How much that is was chosen so that the map errs by what it errs by in reality (17 % in the
 * median) and distance alone finds the best of the named regions as often as in reality (88 %).
 */
public final class World {
  /** Spreads of the logarithm of what is added; together the map's error in reality. */
  static final double CITY = 0.2;

  static final double COUNTRY_TO_REGION = 0.1;
  static final double CITY_TO_REGION = 0.05;

  /** One path in twenty makes a detour, of up to so much of its length. */
  private static final double DETOURS = 0.05;

  private static final double DETOUR = 1.2;

  /** Cities that the database puts elsewhere. */
  private static final double MISPLACED = 0.003;

  private static final double KM_PER_DEGREE = 111.2;

  /** In the order of their indices. */
  private static final List<String> NAMED =
      List.of(
          "Washington",
          "Portland",
          "Sao Paulo",
          "Dublin",
          "Frankfurt",
          "Singapore",
          "Tokyo",
          "Sydney");

  private final List<Region> regions = new ArrayList<>();
  private final List<City> cities = new ArrayList<>();
  private final RegionMap map;

  /**
   * A city of callers.
   *
   * @param name of it
   * @param believed where the database puts it
   * @param address of its first caller; every city is one /24
   * @param trueMillis round trip to each region by ordinal, without the access network
   */
  public record City(String name, Place believed, IpAddress address, double[] trueMillis) {
    /** Ordinal of the region that really is the fastest. */
    public int best() {
      int best = 0;
      for (int i = 1; i < trueMillis.length; i++) {
        best = trueMillis[i] < trueMillis[best] ? i : best;
      }
      return best;
    }
  }

  private record Site(String name, String country, double latitude, double longitude) {}

  private World(List<Site> sites, List<Site> regionSites, Random random) {
    for (Site site : regionSites) {
      int at = regions.size();
      regions.add(
          new Region(
              at,
              new RegionConfig(
                  site.name(), at, site.name(), site.latitude(), site.longitude(), Set.of(), 0.5)));
    }
    map = new RegionMap(regions);
    Map<String, double[]> countries = new HashMap<>();
    for (Site site : sites) {
      double[] country =
          countries.computeIfAbsent(site.country(), name -> factors(COUNTRY_TO_REGION, random));
      cities.add(city(site, country, random, sites));
    }
  }

  private double[] factors(double spread, Random random) {
    double[] factors = new double[regions.size()];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = factor(spread, random);
    }
    return factors;
  }

  /** What may be added to one way. */
  static double factor(double spread, Random random) {
    double detour = random.nextDouble() < DETOURS ? 1 + DETOUR * random.nextDouble() : 1;
    return detour * Math.exp(spread * random.nextGaussian());
  }

  private City city(Site site, double[] country, Random random, List<Site> sites) {
    Place truth =
        new Place(site.country(), site.latitude(), site.longitude(), Place.Source.DATABASE);
    double common = Math.exp(CITY * random.nextGaussian());
    double[] own = factors(CITY_TO_REGION, random);
    double[] millis = new double[regions.size()];
    for (Region region : regions) {
      int at = region.ordinal();
      double km = map.km(truth, region);
      double path = RegionMap.expectedMillis(km) * common * country[at] * own[at];
      millis[at] = Math.max(path, 1 + 1.05 * RegionMap.floorMillis(km));
    }
    return new City(
        site.name(),
        believed(site, random, sites),
        IpAddress.v4(0x0b00_0001 + (cities.size() << 8)),
        millis);
  }

  /** Half of the callers are mobile: the database is off by some 200 km and says so. */
  private static Place believed(Site site, Random random, List<Site> sites) {
    Site at = random.nextDouble() < MISPLACED ? sites.get(random.nextInt(sites.size())) : site;
    double radius = random.nextBoolean() ? 200 : 10;
    double angle = 2 * Math.PI * random.nextDouble();
    double latitude =
        Math.max(-89, Math.min(89, at.latitude() + radius / KM_PER_DEGREE * Math.sin(angle)));
    double shrink = Math.max(0.1, Math.cos(Math.toRadians(latitude)));
    double longitude = at.longitude() + radius / KM_PER_DEGREE * Math.cos(angle) / shrink;
    int network = at.country().hashCode() * 4 + random.nextInt(3) + 1;
    return new Place(
        at.country(),
        latitude,
        (longitude + 540) % 360 - 180,
        radius,
        network,
        Place.Source.DATABASE);
  }

  /** Eight regions where clouds have theirs. */
  public static World named(long seed) {
    List<Site> sites = sites();
    List<Site> regions = new ArrayList<>();
    for (String name : NAMED) {
      regions.add(
          name.equals("Frankfurt")
              ? new Site(name, "DE", 50.1, 8.7)
              : sites.stream().filter(site -> site.name().equals(name)).findFirst().orElseThrow());
    }
    return new World(sites, regions, new Random(seed));
  }

  /** Eight cities as regions, drawn so that no two are nearer than 1500 km. */
  public static World drawn(long seed) {
    Random random = new Random(seed);
    List<Site> sites = sites();
    List<Site> regions = new ArrayList<>();
    while (regions.size() < NAMED.size()) {
      Site next = sites.get(random.nextInt(sites.size()));
      if (regions.stream().allMatch(other -> km(other, next) >= 1500)) {
        regions.add(next);
      }
    }
    return new World(sites, regions, random);
  }

  private static double km(Site one, Site other) {
    RegionConfig config =
        new RegionConfig(one.name(), 0, "", one.latitude(), one.longitude(), Set.of(), 0.5);
    Region region = new Region(0, config);
    return new RegionMap(List.of(region))
        .km(new Place(null, other.latitude(), other.longitude(), Place.Source.RANGE), region);
  }

  private static List<Site> sites() {
    List<Site> sites = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                World.class.getResourceAsStream("cities.tsv"), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#")) {
          String[] fields = line.split("\t");
          sites.add(
              new Site(
                  fields[0],
                  fields[1],
                  Double.parseDouble(fields[2]),
                  Double.parseDouble(fields[3])));
        }
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return sites;
  }

  public List<Region> regions() {
    return regions;
  }

  public List<City> cities() {
    return cities;
  }

  public RegionMap map() {
    return map;
  }

  /** Who asks from this city. */
  public Vantage vantage(City city) {
    return map.client(city.address(), city.believed());
  }

  /** Median of the map's relative error over all paths, to compare with reality. */
  public double medianErrorOfTheMap() {
    List<Double> errors = new ArrayList<>();
    for (City city : cities) {
      Vantage from = vantage(city);
      for (int i = 0; i < regions.size(); i++) {
        errors.add(Math.abs(from.mapMillis(i) - city.trueMillis()[i]) / city.trueMillis()[i]);
      }
    }
    errors.sort(null);
    return errors.get(errors.size() / 2);
  }
}
