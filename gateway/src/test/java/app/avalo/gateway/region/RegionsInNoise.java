package app.avalo.gateway.region;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;

/** What noise, flapping and blindness do to users, in virtual time; a program that prints it. */
final class RegionsInNoise {
  private static final int USERS = 200;

  /** Of gateways that tell each other what they suspect. */
  private static final Duration BEAT = Duration.ofMillis(50);

  private RegionsInNoise() {}

  /**
   * False evictions.
   *
   * @param perGatewayDay of any of the three regions
   * @param suspicionsPerGatewayDay of any of them, each over with the first check that answers
   */
  record Noise(double perGatewayDay, double suspicionsPerGatewayDay) {}

  /** Days of one gateway beside three regions of which none ever fails. */
  static Noise noise(int days, long seed) {
    NoisyWorld world = new NoisyWorld(1, seed);
    world.noise();
    world.traffic(5);
    world.time.advance(Duration.ofDays(days));
    NoisyWorld.Gateway gateway = world.gateways[0];
    return new Noise((double) gateway.evictions / days, (double) gateway.suspicions / days);
  }

  /**
   * What a quorum of three gateways does to users who are bound to a region.
   *
   * @param moves of all users of any of the three regions
   * @param pauses of their writes
   */
  record Bound(int moves, int pauses) {}

  /** A while of three gateways beside three regions of which none ever fails. */
  static Bound bound(Duration span, long seed) {
    NoisyWorld world = new NoisyWorld(3, seed);
    world.noise();
    world.traffic(5);
    int regions = NoisyWorld.REGIONS.size();
    boolean[] paused = new boolean[regions];
    boolean[] moved = new boolean[regions];
    int pauses = 0;
    int moves = 0;
    for (long beat = 0; beat < span.dividedBy(BEAT); beat++) {
      world.time.advance(BEAT);
      for (int region = 0; region < regions; region++) {
        int suspect = 0;
        int convict = 0;
        for (NoisyWorld.Gateway gateway : world.gateways) {
          suspect += gateway.suspects(region) ? 1 : 0;
          convict += gateway.convicts(region) ? 1 : 0;
        }
        pauses += suspect >= 2 && !paused[region] ? 1 : 0;
        moves += convict >= 2 && !moved[region] ? 1 : 0;
        paused[region] = suspect >= 2;
        moved[region] = convict >= 2 || moved[region] && suspect >= 2;
      }
    }
    return new Bound(moves, pauses);
  }

  /** The most moves of any user while the first region is up and down for ten minutes. */
  static int flapping(Duration up, Duration down, long seed) {
    NoisyWorld world = new NoisyWorld(1, seed);
    int[] at = new int[USERS];
    int[] moves = new int[USERS];
    use(world, Duration.ofSeconds(30), at, moves);
    Arrays.fill(moves, 0);
    Duration period = up.plus(down);
    for (long i = 0; i < Duration.ofMinutes(10).dividedBy(period); i++) {
      world.down(0, true);
      use(world, down, at, moves);
      world.down(0, false);
      use(world, up, at, moves);
    }
    use(world, Duration.ofMinutes(5), at, moves);
    return Arrays.stream(moves).max().orElseThrow();
  }

  /** Every user asks ten times a second and goes where the gateway says. */
  private static void use(NoisyWorld world, Duration span, int[] at, int[] moves) {
    NoisyWorld.Gateway gateway = world.gateways[0];
    for (long millis = 0; millis < span.toMillis(); millis += 100) {
      for (int user = 0; user < USERS; user++) {
        int to = gateway.choose(user);
        moves[user] += to == at[user] ? 0 : 1;
        at[user] = to;
      }
      gateway.request(at[0]);
      world.time.advance(Duration.ofMillis(100));
    }
  }

  /**
   * One gateway of three is blind to a healthy region for ten minutes.
   *
   * @param others moves of users of the two that see
   * @param evictions by the two that see
   * @param own most moves of a user of the blind one, there and back
   */
  record Blind(int others, int evictions, int own) {}

  static Blind blind(long seed) {
    NoisyWorld world = new NoisyWorld(3, seed);
    int[][] at = new int[3][USERS];
    int[][] moves = new int[3][USERS];
    for (long tick = 0; tick < Duration.ofMinutes(20).toMillis() / 100; tick++) {
      if (tick % 3_000 == 0) {
        world.gateways[0].blind(0, tick == 3_000 || tick == 6_000);
      }
      for (int g = 0; g < 3; g++) {
        for (int user = 0; user < USERS; user++) {
          int to = world.gateways[g].choose(user);
          moves[g][user] += to == at[g][user] ? 0 : 1;
          at[g][user] = to;
        }
        world.gateways[g].request(at[g][0]);
      }
      world.time.advance(Duration.ofMillis(100));
    }
    return new Blind(
        Arrays.stream(moves[1]).sum() + Arrays.stream(moves[2]).sum(),
        world.gateways[1].evictions + world.gateways[2].evictions,
        Arrays.stream(moves[0]).max().orElseThrow());
  }

  /** Days a run, runs, first seed. */
  public static void main(String[] args) {
    int days = Integer.parseInt(args[0]);
    int runs = Integer.parseInt(args[1]);
    long seed = Long.parseLong(args[2]);
    PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out));
    double evictions = 0;
    for (int run = 0; run < runs; run++) {
      Noise noise = noise(days, seed + run);
      evictions += noise.perGatewayDay() / runs;
      out.printf(
          "noise, seed %d, %d days: %.2f false evictions and %.0f suspicions a day of three"
              + " regions%n",
          seed + run, days, noise.perGatewayDay(), noise.suspicionsPerGatewayDay());
    }
    out.printf(
        "noise: %.2f false evictions a day and gateway, %.2f a region%n",
        evictions, evictions / NoisyWorld.REGIONS.size());
    double moves = 0;
    for (int run = 0; run < runs; run++) {
      Bound bound = bound(Duration.ofDays(days), seed + run);
      moves += (double) bound.moves() / days / runs;
      out.printf(
          "bound users, seed %d, %d days: %.2f needless moves and %.1f pauses a day of three"
              + " regions%n",
          seed + run, days, (double) bound.moves() / days, (double) bound.pauses() / days);
    }
    out.printf(
        "bound users: %.2f needless moves a day, %.2f a region%n",
        moves, moves / NoisyWorld.REGIONS.size());
    for (int seconds : new int[] {2, 5, 8, 15, 30}) {
      Duration half = Duration.ofSeconds(seconds);
      int most = 0;
      for (int run = 0; run < runs; run++) {
        most = Math.max(most, flapping(half, half, seed + run));
      }
      out.printf(
          "flapping %d s on, %d s off for 10 min: %d moves of a user%n", seconds, seconds, most);
    }
    for (int run = 0; run < runs; run++) {
      Blind blind = blind(seed + run);
      out.printf(
          "one gateway of three blind, seed %d: %d moves and %d evictions at the others, %d moves of"
              + " its own users%n",
          seed + run, blind.others(), blind.evictions(), blind.own());
    }
    out.flush();
  }
}
